package validate

import (
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/amesh-render/amesh-render/standalone"
)

// ssl checks that certificates are such, and go with keys.
func (c *checker) ssl(x *object) {
	c.certificate(x, "cert", x.node.Get("cert"))
	for i, n := range items(x.node.Get("certs")) {
		c.certificate(x, fmt.Sprintf("certs[%d]", i), n)
	}
	c.certificate(x, "client.ca", lookup(x.node, "client.ca"))
	certs, keys := x.node.Get("certs"), x.node.Get("keys")
	if !x.dropped && len(items(certs)) != len(items(keys)) {
		c.refuse(x, "certs", "there are %d certs and %d keys", len(items(certs)), len(items(keys)))
	}
}

func (c *checker) certificate(x *object, field string, n *standalone.Node) {
	if n == nil || n.Kind != standalone.String || n.Env || x.dropped || strings.HasPrefix(n.Text, "$") {
		return // a reference to a secret is a string that starts with $
	}
	if block, _ := pem.Decode([]byte(n.Text)); block == nil || block.Type != "CERTIFICATE" {
		c.refuse(x, field, "is no certificate in PEM form")
	}
}
