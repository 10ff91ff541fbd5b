package apisix

// joiner makes a Text of lists, as Join makes one of sections.
type joiner struct {
	frame *frame
	text  *Text
	open  []byte // what comes before the next section
}

func newJoiner(o EncodeOptions) *joiner {
	frame := &frames[o.Format]
	return &joiner{frame, new(Text), append(appendHeader(nil, o), frame.open...)}
}

// section adds all objects of a kind.
func (j *joiner) section(kind string, objects objectTexts) {
	text := append(append(j.open, j.frame.key...), kind...)
	j.open = nil
	if objects.len() == 0 {
		j.open = append(text, j.frame.empty...)
	} else {
		j.add(part{literal(append(text, j.frame.list...)), objects})
		j.open = append(j.open, j.frame.end...)
	}
	j.open = append(j.open, j.frame.next...)
}

// end is called after at least one section.
func (j *joiner) end() *Text {
	last := j.open[:len(j.open)-len(j.frame.next)]
	j.add(part{text: literal(append(last, j.frame.close...))})
	return j.text
}

func (j *joiner) add(p part) {
	j.text.parts = append(j.text.parts, p)
	j.text.size += int64(len(p.text))
	if p.objects != nil {
		j.text.size += p.objects.len()
		j.text.keys = j.text.keys || p.objects.holdsKey()
	}
}
