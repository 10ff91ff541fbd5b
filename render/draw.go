package render

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// A draw is one of the random numbers that APISIX has for a request: nginx's $request_id is 32 random hexadecimal
// digits, made anew for each request, and a draw is eight of them. Draws are independent of each other and, unlike the
// turns that traffic-split takes, of earlier requests and of reloads.
type draw int

// The draws, by what they decide.
const (
	drawMatch draw = iota // RouteMatch.runtime_fraction
	drawDelay             // HTTPFault.delay
	drawAbort             // HTTPFault.abort
	drawSplit             // WeightedCluster

	// drawFilter decides for which requests a filter acts at all. No other choice among requests depends on the delay's.
	drawFilter = drawDelay
)

// below holds for the share numerator/denominator of the requests, to one part in four billion. The share must be more
// than 0 and less than 1. Of two shares of one draw, the requests of the smaller are among those of the larger.
func (d draw) below(numerator, denominator uint64) apisix.Expr {
	hi, lo := bits.Mul64(numerator, 1<<32)
	limit, _ := bits.Div64(hi, lo, denominator)
	limit = min(max(limit, 1), 1<<32-1)
	pattern := fmt.Sprintf(`\A[0-9a-f]{%d}(?:%s)`, 8*int(d), hexBelow(fmt.Sprintf("%08x", limit)))
	if d == 0 {
		pattern = `\A(?:` + hexBelow(fmt.Sprintf("%08x", limit)) + ")"
	}
	return apisix.Compare("request_id", apisix.OpRegex, pattern)
}

// hexBelow is a pattern for the numbers of as many hexadecimal digits that are less than limit.
func hexBelow(limit string) string {
	var alternatives []string
	for i := range len(limit) {
		if strings.Trim(limit[i:], "0") == "" {
			break
		}
		if class := digitsBelow(limit[i]); class != "" {
			alternatives = append(alternatives, limit[:i]+class)
		}
	}
	return strings.Join(alternatives, "|")
}

// digitsBelow is a class of the hexadecimal digits less than c; "" when there is none.
func digitsBelow(c byte) string {
	switch {
	case c == '0':
		return ""
	case c == '1':
		return "0"
	case c <= '9':
		return "[0-" + string(c-1) + "]"
	case c == 'a':
		return "[0-9]"
	case c == 'b':
		return "[0-9a]"
	}
	return "[0-9a-" + string(c-1) + "]"
}
