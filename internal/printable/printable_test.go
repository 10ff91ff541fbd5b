package printable

import "testing"

func TestPrintable(t *testing.T) {
	const s = "a\x1b[31mü\u009b\t\n\x7f"
	if got, want := Line(s), "a\ufffd[31mü\ufffd\ufffd\ufffd\ufffd"; got != want {
		t.Errorf("Line: got %q, want %q", got, want)
	}
	if got, want := Text(s), "a\ufffd[31mü\ufffd\t\n\ufffd"; got != want {
		t.Errorf("Text: got %q, want %q", got, want)
	}
}
