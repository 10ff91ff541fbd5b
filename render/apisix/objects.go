package apisix

import "encoding/json"

// Objects are all objects of c by section, as encoding/json would decode the file that Encode writes.
func (c *Config) Objects() map[string][]Object {
	out := map[string][]Object{}
	for _, r := range c.Routes {
		if r != nil {
			out["routes"] = append(out["routes"], decoded(r))
		}
	}
	for _, u := range c.Upstreams {
		if u != nil {
			out["upstreams"] = append(out["upstreams"], decoded(u))
		}
	}
	for section, objects := range c.Others {
		out[section] = objects
	}
	return out
}

// decoded is an object as a file has it. Encode's text is JSON, whatever is in the object.
func decoded[T any](object *T) Object {
	var out Object
	if err := json.Unmarshal(AppendObject(nil, object, Lines), &out); err != nil {
		return Object{}
	}
	return out
}
