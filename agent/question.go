package agent

import "strings"

// A question is of some providers, by their ids: what does a document say of them?
type question struct{ upstreams, pluginConfigs map[string]answer }

type answer int

const (
	named    answer = 1 << iota // by a user
	provided                    // by the document itself
)

func questionOf(keys []string) question {
	q := question{map[string]answer{}, map[string]answer{}}
	for _, key := range keys {
		if id, ok := strings.CutPrefix(key, upstreamKey); ok {
			q.upstreams[id] = 0
		} else {
			q.pluginConfigs[strings.TrimPrefix(key, configKey)] = 0
		}
	}
	return q
}

func (q question) answer(key string) answer {
	if id, ok := strings.CutPrefix(key, upstreamKey); ok {
		return q.upstreams[id]
	}
	return q.pluginConfigs[strings.TrimPrefix(key, configKey)]
}

// add notes the answer on an id, if that is asked for.
func add(answers map[string]answer, id string, a answer) {
	if before, asked := answers[id]; asked {
		answers[id] = before | a
	}
}

func (q question) askUsers(d Document) {
	for _, r := range d.Routes {
		add(q.upstreams, r.UpstreamID, named)
		for _, id := range r.Plugins.UpstreamIDs() {
			add(q.upstreams, id, named)
		}
		add(q.pluginConfigs, r.PluginConfigID, named)
	}
	for _, section := range []string{"services", "stream_routes"} {
		for _, object := range d.Others[section] {
			for _, id := range object.UpstreamIDs() {
				add(q.upstreams, id, named)
			}
		}
	}
}

func (q question) askProviders(d Document) {
	for _, u := range d.Upstreams {
		add(q.upstreams, u.ID, provided)
	}
	for _, id := range d.pluginConfigIDs() {
		add(q.pluginConfigs, id, provided)
	}
}
