package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// Verifier asks APISIX's control API whether what was written is what is loaded. It shows one worker's view; each worker
// reads the file within a second or so of the others.
type Verifier struct {
	URL     string        // of the control API: "http://127.0.0.1:9090"
	Timeout time.Duration // how long APISIX may take to load a file; 0 means 15 s
	Every   time.Duration // how often it is asked meanwhile; 0 means 500 ms
	Log     *slog.Logger
	Metrics *Metrics

	once   sync.Once
	next   chan expectation
	mu     sync.Mutex
	result Verification
}

// Verification is what a Verifier has found out of the last commit.
type Verification struct {
	Done    bool     // the answer is there
	Loaded  bool     // APISIX has loaded the commit
	Refused []string // objects of the commit that APISIX has not: "routes/ID", "upstreams/ID"
	Err     error    // why there is no answer
}

// expectation is a commit that APISIX should load.
type expectation struct {
	second int64 // the file's mtime, which APISIX shows as modifiedIndex
	config *apisix.Config
}

// ids are the ids of the objects that APISIX should load, by kind.
func (e expectation) ids() map[string][]string {
	ids := map[string][]string{}
	for _, r := range e.config.Routes {
		ids["routes"] = append(ids["routes"], r.ID)
	}
	for _, u := range e.config.Upstreams {
		ids["upstreams"] = append(ids["upstreams"], u.ID)
	}
	return ids
}

// Result is the answer on the last commit.
func (v *Verifier) Result() Verification {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.result
}

func (v *Verifier) init() { v.once.Do(func() { v.next = make(chan expectation, 1) }) }

// expect tells of a commit, which must not be modified afterwards. Only the last one is asked for.
func (v *Verifier) expect(c *apisix.Config, mtime time.Time) {
	v.init()
	select {
	case <-v.next:
	default:
	}
	v.next <- expectation{mtime.Unix(), c}
	v.set(Verification{})
}

// Run verifies commits until the context ends.
func (v *Verifier) Run(ctx context.Context) {
	v.init()
	var current expectation
	for {
		select {
		case <-ctx.Done():
			return
		case current = <-v.next:
		}
		v.verify(ctx, current)
	}
}

// verify asks until APISIX has loaded the commit, the time is over, or there is a newer one.
func (v *Verifier) verify(ctx context.Context, e expectation) {
	timeout, every := v.Timeout, v.Every
	if timeout == 0 {
		timeout = 15 * time.Second
	}
	if every == 0 {
		every = 500 * time.Millisecond
	}
	deadline := time.Now().Add(timeout)
	ids := e.ids()
	for {
		result := v.ask(ctx, e.second, ids)
		if len(v.next) > 0 || ctx.Err() != nil {
			return
		}
		if result.Loaded || time.Now().After(deadline) {
			result.Done = true
			v.set(result)
			v.tell(result, timeout)
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(every):
		}
	}
}

func (v *Verifier) set(r Verification) {
	v.mu.Lock()
	v.result = r
	v.mu.Unlock()
	loaded := 0.0
	if r.Loaded {
		loaded = 1
	}
	v.Metrics.verified.Set(loaded)
	v.Metrics.refused.Set(float64(len(r.Refused)))
}

func (v *Verifier) tell(r Verification, timeout time.Duration) {
	switch {
	case r.Err != nil:
		v.Log.Warn("APISIX cannot be asked what it has loaded", "error", r.Err)
	case !r.Loaded:
		v.Log.Warn("APISIX has not loaded the file; its error log says why", "within", timeout)
	case len(r.Refused) > 0:
		v.Log.Error("APISIX has loaded the file without some objects; its error log says why", "objects", strings.Join(r.Refused, " "))
	}
}

// ask compares once what APISIX holds with what it should.
func (v *Verifier) ask(ctx context.Context, second int64, expected map[string][]string) Verification {
	result := Verification{Loaded: true}
	for _, kind := range []string{"routes", "upstreams"} {
		held, err := v.list(ctx, kind)
		if err != nil {
			return Verification{Err: err}
		}
		ids := map[string]bool{}
		for _, item := range held {
			if item.ModifiedIndex != second {
				return Verification{} // another version of the file
			}
			ids[fmt.Sprint(item.Value.ID)] = true
		}
		for _, id := range expected[kind] {
			if !ids[id] {
				result.Refused = append(result.Refused, kind+"/"+id)
			}
		}
		if len(held) == 0 && len(expected[kind]) > 0 {
			return Verification{} // nothing is loaded yet
		}
	}
	slices.Sort(result.Refused)
	return result
}

// item is one object in an answer of the control API.
type item struct {
	ModifiedIndex int64 `json:"modifiedIndex"`
	Value         struct {
		ID any `json:"id"`
	} `json:"value"`
}

func (v *Verifier) list(ctx context.Context, kind string) ([]item, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(v.URL, "/")+"/v1/"+kind, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", request.URL, response.Status)
	}
	var items []item
	// An empty list is an empty object to the Lua that writes it.
	var raw json.RawMessage
	if err := json.NewDecoder(response.Body).Decode(&raw); err != nil {
		return nil, fmt.Errorf("%s: %w", request.URL, err)
	}
	if string(raw) == "{}" {
		return nil, nil
	}
	if err := json.Unmarshal(raw, &items); err != nil {
		return nil, fmt.Errorf("%s: %w", request.URL, err)
	}
	return items, nil
}
