package apisix

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// corsOrigins is the pattern of APISIX's schema.
var corsOrigins = regexp.MustCompile(`^(\*|\*\*|null|\w+://[^,]+(,\w+://[^,]+)*)$`)

func (c *checker) cors(p *Cors) {
	const field = "plugins.cors"
	const longest = 4096
	if p.AllowOrigins != "" && !corsOrigins.MatchString(p.AllowOrigins) {
		c.add(field+".allow_origins", "%q is neither *, **, null nor a list of origins", p.AllowOrigins)
	}
	for i, pattern := range p.AllowOriginsByRegex {
		if n := utf8.RuneCountInString(pattern); n < 1 || n > longest {
			c.add(fmt.Sprintf("%s.allow_origins_by_regex[%d]", field, i), "has %d characters, not 1 to %d", n, longest)
		}
	}
	if p.AllowCredential && (p.AllowOrigins == "" || p.AllowOrigins == "*" || p.AllowMethods == "*" || p.AllowHeaders == "*" || p.ExposeHeaders == "*") {
		c.add(field+".allow_credential", "APISIX allows no * beside it, which is the default of allow_origins")
	}
}

func (c *checker) gzip(p *Gzip) {
	c.compression("plugins.gzip", p.Types, p.MinLength)
	if p.CompLevel != 0 {
		c.between("plugins.gzip.comp_level", p.CompLevel, 1, 9)
	}
}

func (c *checker) brotli(p *Brotli) {
	c.compression("plugins.brotli", p.Types, p.MinLength)
	if p.CompLevel != nil {
		c.between("plugins.brotli.comp_level", *p.CompLevel, 0, 11)
	}
}

func (c *checker) compression(field string, types []string, minLength int) {
	for i, t := range types {
		if strings.TrimSpace(t) == "" {
			c.add(fmt.Sprintf("%s.types[%d]", field, i), "is empty")
		}
	}
	if minLength < 0 {
		c.add(field+".min_length", "is %d, less than 1", minLength)
	}
}
