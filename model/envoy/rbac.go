package envoy

import (
	"net/http"
	"strconv"

	configv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"

	"github.com/amesh-render/amesh-render/model"
)

// rbac is the RBAC filter. Shadow rules only record what they would have done.
type rbac struct {
	enforces bool
	matcher  bool // the rules are a matcher tree
	action   configv3.RBAC_Action
	policies []predicate
}

// predicate is a condition on a request.
type predicate func(*request) model.Verdict

func newRBAC(msg *rbacv3.RBAC) *rbac {
	f := &rbac{matcher: msg.GetMatcher() != nil}
	if rules := msg.GetRules(); rules != nil {
		f.enforces, f.action = true, rules.GetAction()
		for _, p := range rules.GetPolicies() {
			f.policies = append(f.policies, policy(p))
		}
	}
	return f
}

// policy holds if any of its permissions and any of its principals do, and its condition, which is not modelled.
func policy(msg *configv3.Policy) predicate {
	parts := []predicate{
		either(each(msg.GetPermissions(), permission)),
		either(each(msg.GetPrincipals(), principal)),
	}
	if msg.GetCondition() != nil || msg.GetCheckedCondition() != nil {
		parts = append(parts, constant(model.Unknown))
	}
	return all(parts)
}

func (f *rbac) decode(s *stream, levels []any) *model.Outcome {
	if len(levels) > 0 {
		level, ok := levels[0].(*rbac)
		if !ok {
			return s.unsure("a route's configuration of the RBAC filter is not modelled")
		}
		f = level
	}
	if f.matcher {
		return s.unsure("RBAC's matcher tree is not modelled")
	}
	if !f.enforces || f.action == configv3.RBAC_LOG {
		return nil
	}
	refused := either(f.policies)(s.request)
	if f.action == configv3.RBAC_ALLOW {
		refused = refused.Not()
	}
	switch refused {
	case model.Yes:
		return s.refuse(http.StatusForbidden, "RBAC: access denied", "RBAC "+f.action.String())
	case model.Unknown:
		return s.unsure("RBAC " + f.action.String() + ": it is not known whether a policy of " +
			strconv.Itoa(len(f.policies)) + " matches")
	}
	return nil
}

func constant(v model.Verdict) predicate { return func(*request) model.Verdict { return v } }

func holds(f func(*request) bool) predicate {
	return func(r *request) model.Verdict { return model.Holds(f(r)) }
}

func each[M any](msgs []M, prepare func(M) predicate) []predicate {
	var out []predicate
	for _, m := range msgs {
		out = append(out, prepare(m))
	}
	return out
}

func all(parts []predicate) predicate {
	return func(r *request) model.Verdict {
		v := model.Yes
		for _, p := range parts {
			v = v.And(p(r))
		}
		return v
	}
}

func either(parts []predicate) predicate {
	return func(r *request) model.Verdict {
		v := model.No
		for _, p := range parts {
			v = v.Or(p(r))
		}
		return v
	}
}

func not(p predicate) predicate {
	return func(r *request) model.Verdict { return p(r).Not() }
}
