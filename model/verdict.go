package model

// Verdict is the answer to "does this condition hold": three-valued, because a condition may look at something that a
// model does not know. The zero value is No.
type Verdict uint8

// The verdicts, in Kleene's order: And is the minimum, Or the maximum.
const (
	No Verdict = iota
	Unknown
	Yes
)

// Holds is Yes for true and No for false.
func Holds(b bool) Verdict {
	if b {
		return Yes
	}
	return No
}

// And is Yes when both are, No when either is, else Unknown.
func (v Verdict) And(w Verdict) Verdict { return min(v, w) }

// Or is Yes when either is, No when both are, else Unknown.
func (v Verdict) Or(w Verdict) Verdict { return max(v, w) }

// Not swaps Yes and No.
func (v Verdict) Not() Verdict { return Yes - v }
