package watch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// How long Inputs waits for what. An editor or a copy changes a file in several steps, so a look is taken when nothing
// has happened for settleQuiet; in a directory where something always happens, after settleMax.
const (
	defaultRecheck = time.Minute
	defaultPoll    = 2 * time.Second
	settleQuiet    = 50 * time.Millisecond
	settleMax      = time.Second
)

// maxRounds bounds how often the directories to watch are determined anew because they change meanwhile.
const maxRounds = 8

// Inputs notices that files may have been changed, created, removed or replaced, through whatever symlinks lead to
// them: by an editor, by a copy, by the kubelet that swaps a ConfigMap's ..data. Make one with NewInputs.
type Inputs struct {
	// Changed receives a value when the contents are not those at the time of NewInputs or of the value before. It has
	// one slot: many changes that nobody has received yet are one.
	Changed <-chan struct{}
	// Recheck is how often the files are looked at though the kernel tells of nothing; 0 means a minute. File systems
	// may change behind the kernel's back: network ones do.
	Recheck time.Duration
	// Poll is how often they are looked at while the kernel cannot tell; 0 means two seconds.
	Poll time.Duration
	// Trouble, if set, is called with an *InputError when the kernel cannot tell of changes and the files are polled
	// instead, and with nil when it can again. Run calls it.
	Trouble func(error)

	paths   []string
	seen    signatures
	changed chan struct{}
	open    func() (notifier, error)
	trouble string // the one that was told last
}

// NewInputs remembers what the paths hold now; changes count from here, also those before Run. So read the files after
// NewInputs, and again each time that Changed tells, and no change is missed. A path is a file, which need not exist,
// or a directory, which stands for the files in it: hidden ones (".x", where editors and kubelets keep their own) and
// subdirectories are left out. Relative paths are relative to the present working directory.
func NewInputs(paths ...string) *Inputs {
	changed := make(chan struct{}, 1)
	in := &Inputs{Changed: changed, changed: changed, open: openKernel}
	for _, path := range paths {
		in.paths = append(in.paths, absolute(path))
	}
	in.seen = survey(in.paths, nil)
	return in
}

// absolute does not clean the path as filepath.Abs does: what ".." after a symlink means is for the links to say.
func absolute(path string) string {
	if wd, err := os.Getwd(); err == nil && !filepath.IsAbs(path) {
		return wd + "/" + path
	}
	return path
}

// Run watches until the context ends. It may be called once.
func (in *Inputs) Run(ctx context.Context) {
	e := ear{open: in.open}
	defer e.close()
	for {
		err := in.listen(&e)
		in.tell(err)
		in.look()
		every := orElse(in.Recheck, defaultRecheck)
		if err != nil {
			every = orElse(in.Poll, defaultPoll)
		}
		if !in.wait(ctx, &e, every) {
			return
		}
	}
}

// listen has the ear watch the directories in which a change would matter. What these are may change until they are
// watched, so they are determined again until none is new. The look that follows sees whatever happened before.
func (in *Inputs) listen(e *ear) error {
	for n := 1; ; n++ {
		news, err := e.listen(trails(in.paths))
		if !news || n == maxRounds {
			return err
		}
	}
}

// look compares the files with what they were and signals a difference.
func (in *Inputs) look() {
	now := survey(in.paths, in.seen)
	same := now.equal(in.seen)
	in.seen = now
	if same {
		return
	}
	select {
	case in.changed <- struct{}{}:
	default:
	}
}

// wait returns true when it is time for a look, false when the context has ended.
func (in *Inputs) wait(ctx context.Context, e *ear, every time.Duration) bool {
	timer := time.NewTimer(every)
	defer timer.Stop()
	for {
		events, errs := e.channels()
		select {
		case <-ctx.Done():
			return false
		case <-timer.C:
			return true
		case <-events:
			return settle(ctx, events)
		case err := <-errs:
			if errors.Is(err, fsnotify.ErrEventOverflow) {
				return settle(ctx, events)
			}
			e.close()
			in.tell(&InputError{Err: err})
			timer.Reset(orElse(in.Poll, defaultPoll))
		}
	}
}

// settle waits until no more events come, or for long enough.
func settle(ctx context.Context, events <-chan fsnotify.Event) bool {
	quiet, enough := time.NewTimer(settleQuiet), time.NewTimer(settleMax)
	defer quiet.Stop()
	defer enough.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-events:
			quiet.Reset(settleQuiet)
		case <-quiet.C:
			return true
		case <-enough.C:
			return true
		}
	}
}

// tell passes on a trouble that is news.
func (in *Inputs) tell(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text == in.trouble {
		return
	}
	in.trouble = text
	if in.Trouble != nil {
		in.Trouble(err)
	}
}

func orElse(d, otherwise time.Duration) time.Duration {
	if d <= 0 {
		return otherwise
	}
	return d
}
