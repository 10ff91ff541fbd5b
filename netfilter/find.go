package netfilter

import (
	"errors"
	"fmt"

	"github.com/amesh-render/amesh-render/intercept/rules"
)

// A found back end is one that works, and what its rules are.
type found struct {
	Tools
	ours, others bool
}

// find is the back ends that are installed and that the kernel has. The error says why the first does not work.
func find() (all []found, err error) {
	candidates := []Tools{{NFT}, {Legacy}}
	if !candidates[0].installed() && !candidates[1].installed() {
		candidates = []Tools{{}}
	}
	for _, t := range candidates {
		if !t.installed() {
			continue
		}
		saved, cause := t.Saved(rules.IPv4)
		if cause != nil {
			err = errors.Join(err, cause)
			continue
		}
		all = append(all, found{Tools: t, ours: !saved.Empty(), others: saved.Others})
	}
	if len(all) > 0 {
		return all, nil
	}
	if err == nil {
		err = missing{}
	}
	return nil, err
}

// A missing says that there is no iptables.
type missing struct{}

func (missing) Error() string {
	return "neither iptables-nft-restore nor iptables-restore is installed"
}

// Hint says what to do without it.
func (missing) Hint() string {
	return `install iptables, or print the rules with --print and load them with another program`
}

// choose is the back end that has our rules; else legacy, if it has rules of others, as Istio takes it; else the first.
// wanted is its name, "" to choose.
func choose(all []found, wanted string) (Tools, error) {
	if wanted != "" {
		for _, f := range all {
			if f.Backend == wanted {
				return f.Tools, nil
			}
		}
		return Tools{}, fmt.Errorf("iptables-%s is not installed, or the kernel does not have what it needs", wanted)
	}
	for _, f := range all {
		if f.ours {
			return f.Tools, nil
		}
	}
	for _, f := range all {
		if f.Backend == Legacy && f.others {
			return f.Tools, nil
		}
	}
	return all[0].Tools, nil
}
