package schema

// Object returns the faults of an object of a section. Those of the configurations of its plugins are none of its matter.
func Object(section string, v any) []Fault {
	s, ok := kinds[section]
	if !ok {
		return nil
	}
	return check(s, v)
}

// Plugin returns the faults of a plugin's configuration. Of one that is not known in full only what all have is checked.
func Plugin(name string, v any) []Fault {
	s, ok := pluginShapes[name]
	if !ok {
		s = object{fields: fields{"_meta": meta}, others: free{}}
	}
	return check(s, v)
}
