package apisix

import (
	"fmt"
	"slices"
)

// What APISIX's schema allows as the length of a certificate and of a private key.
const (
	MinCertificate = 128
	MinKey         = 64
	MaxPEM         = 65536
)

func (c *checker) upstreamTLS(t *UpstreamTLS) {
	c.between("tls.client_cert", len(t.ClientCert), MinCertificate, MaxPEM)
	c.between("tls.client_key", len(t.ClientKey), MinKey, MaxPEM)
}

func (c *checker) keepalive(k *KeepalivePool) {
	c.between("keepalive_pool.size", k.Size, 0, maxExact)
	c.between("keepalive_pool.requests", k.Requests, 0, maxExact)
	if k.IdleTimeout < 0 {
		c.add("keepalive_pool.idle_timeout", "is %v, less than 0", k.IdleTimeout)
	}
}

// MaxFailures is how far health checks count.
const MaxFailures = 254

var checkTypes = []string{"http", "https", "tcp"}

func (c *checker) checks(k *Checks) {
	if k.Active == nil {
		c.add("checks.active", "is missing")
	} else {
		c.activeCheck(k.Active)
	}
	if p := k.Passive; p != nil {
		c.oneOf("checks.passive.type", p.Type, checkTypes)
		check(p.Healthy, func(h *PassiveHealthy) {
			c.between("checks.passive.healthy.successes", h.Successes, 0, MaxFailures)
			c.statuses("checks.passive.healthy.http_statuses", h.HTTPStatuses)
		})
		check(p.Unhealthy, func(u *PassiveUnhealthy) {
			c.between("checks.passive.unhealthy.http_failures", u.HTTPFailures, 0, MaxFailures)
			c.between("checks.passive.unhealthy.tcp_failures", u.TCPFailures, 0, MaxFailures)
			c.between("checks.passive.unhealthy.timeouts", u.Timeouts, 0, MaxFailures)
			c.statuses("checks.passive.unhealthy.http_statuses", u.HTTPStatuses)
		})
	}
}

func (c *checker) activeCheck(a *ActiveCheck) {
	const field = "checks.active"
	c.oneOf(field+".type", a.Type, checkTypes)
	if a.HTTPMethod != "" {
		c.oneOf(field+".http_method", a.HTTPMethod, Methods)
	}
	if a.Host != "" && !isHost(a.Host) {
		c.add(field+".host", "%q is neither an address nor a name", a.Host)
	}
	if a.Port != 0 {
		c.between(field+".port", a.Port, 1, 65535)
	}
	check(a.Healthy, func(h *HealthyProbe) {
		c.between(field+".healthy.interval", h.Interval, 0, maxExact)
		c.between(field+".healthy.successes", h.Successes, 0, MaxFailures)
		c.statuses(field+".healthy.http_statuses", h.HTTPStatuses)
	})
	check(a.Unhealthy, func(u *UnhealthyProbe) {
		c.between(field+".unhealthy.interval", u.Interval, 0, maxExact)
		c.between(field+".unhealthy.http_failures", u.HTTPFailures, 0, MaxFailures)
		c.between(field+".unhealthy.tcp_failures", u.TCPFailures, 0, MaxFailures)
		c.between(field+".unhealthy.timeouts", u.Timeouts, 0, MaxFailures)
		c.statuses(field+".unhealthy.http_statuses", u.HTTPStatuses)
	})
}

func (c *checker) statuses(field string, list []int) {
	for i, status := range list {
		c.between(fmt.Sprintf("%s[%d]", field, i), status, 200, 599)
		if slices.Contains(list[:i], status) {
			c.add(fmt.Sprintf("%s[%d]", field, i), "%d is there twice", status)
		}
	}
}
