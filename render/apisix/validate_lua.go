package apisix

// The checks of the plugins of templates/lua.

func (c *checker) ameshSplit(p *AmeshSplit) {
	if len(p.Choices) == 0 {
		c.add("plugins.amesh-split.choices", "is empty")
	}
	for i, choice := range p.Choices {
		field := choiceField(i)
		c.between(field+".weight", choice.Weight, 1, maxExact)
		if choice.UpstreamID == "" {
			c.add(field+".upstream_id", "is empty")
		}
		if choice.Plugins != nil {
			check(choice.Plugins.ProxyRewrite, c.proxyRewrite)
			check(choice.Plugins.ResponseRewrite, c.responseRewrite)
		}
	}
}

func (c *checker) ameshClusterHeader(p *AmeshClusterHeader) {
	c.headerName("plugins.amesh-cluster-header.header", p.Header)
	c.between("plugins.amesh-cluster-header.missing", p.Missing, 200, 599)
}

func (c *checker) ameshPassthrough(p *AmeshPassthrough) {
	for _, port := range p.RefusePorts {
		c.between("plugins.amesh-passthrough.refuse_ports", port, 1, 65535)
	}
	if p.Scheme != "" {
		c.oneOf("plugins.amesh-passthrough.scheme", p.Scheme, []string{"http", "https", "grpc", "grpcs"})
	}
}
