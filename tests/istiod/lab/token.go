package lab

import (
	"fmt"
	"slices"

	authenticationv1 "k8s.io/api/authentication/v1"
	"k8s.io/apimachinery/pkg/runtime"
	k8stesting "k8s.io/client-go/testing"
)

// tokens are the service account tokens that were issued. Istiod takes them for what they are to a client: words. It has
// the API server say whose they are.
type tokens struct {
	owners  map[string]string // by token, while it is valid: the user name of its service account
	issued  int
	refused map[string]bool // tokens that istiod has shown and that were not valid
}

// Token issues a token for a service account.
func (c *Cluster) Token(namespace, serviceAccount string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tokens.issued++
	token := fmt.Sprintf("token-%d", c.tokens.issued)
	if c.tokens.owners == nil {
		c.tokens.owners = map[string]string{}
	}
	c.tokens.owners[token] = "system:serviceaccount:" + namespace + ":" + serviceAccount
	return token
}

// Revoke makes a token invalid. Streams that it has opened stay, as they do when a token expires.
func (c *Cluster) Revoke(token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.tokens.owners, token)
}

// Refused reports whether istiod was shown the token when it was not valid.
func (c *Cluster) Refused(token string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tokens.refused[token]
}

// review answers istiod's question whose a token is.
func (c *Cluster) review(a k8stesting.Action) (handled bool, answer runtime.Object, err error) {
	create, ok := a.(k8stesting.CreateAction)
	if !ok {
		return false, nil, nil
	}
	r, ok := create.GetObject().(*authenticationv1.TokenReview)
	if !ok {
		return false, nil, nil
	}
	r = r.DeepCopy()
	r.Status = c.judge(r.Spec)
	return true, r, nil
}

// tokenAudience is what istiod's tokens are projected for.
const tokenAudience = "istio-ca"

func (c *Cluster) judge(spec authenticationv1.TokenReviewSpec) authenticationv1.TokenReviewStatus {
	c.mu.Lock()
	defer c.mu.Unlock()
	owner, valid := c.tokens.owners[spec.Token]
	if !valid || !slices.Contains(spec.Audiences, tokenAudience) {
		if c.tokens.refused == nil {
			c.tokens.refused = map[string]bool{}
		}
		c.tokens.refused[spec.Token] = true
		return authenticationv1.TokenReviewStatus{Error: "invalid bearer token"}
	}
	return authenticationv1.TokenReviewStatus{
		Authenticated: true, Audiences: []string{tokenAudience},
		User: authenticationv1.UserInfo{Username: owner, Groups: []string{"system:serviceaccounts", "system:authenticated"}},
	}
}
