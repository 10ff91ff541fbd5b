package diff

// mostText is how many characters of a text are shown: one line of a terminal, or two.
const mostText = 200

// cut keeps a text short.
func cut(s string) string {
	runes := []rune(s)
	if len(runes) <= mostText {
		return s
	}
	return string(runes[:mostText]) + "…"
}

// cutPair keeps two texts short, so that where they first differ is shown of both.
func cutPair(old, new string) (string, string) {
	const before = 60 // how much of what they have in common is left before that
	a, b := []rune(old), []rune(new)
	at := 0
	for at < min(len(a), len(b)) && a[at] == b[at] {
		at++
	}
	if max(len(a), len(b)) <= mostText || at <= before {
		return cut(old), cut(new)
	}
	from := at - before
	return cut("…" + string(a[from:])), cut("…" + string(b[from:]))
}
