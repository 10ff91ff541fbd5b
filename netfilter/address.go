package netfilter

import (
	"os"
	"strings"

	"github.com/amesh-render/amesh-render/intercept/rules"
)

// Families are those that the network namespace uses. IPv6 may be switched off.
func Families() []rules.Family {
	text, err := os.ReadFile("/proc/net/if_inet6")
	if err != nil || strings.TrimSpace(string(text)) == "" {
		return []rules.Family{rules.IPv4}
	}
	return []rules.Family{rules.IPv4, rules.IPv6}
}

// inboundAddress is ::6 as /proc/net/if_inet6 writes it.
const inboundAddress = "00000000000000000000000000000006 "

// hasInboundAddress reports whether the proxy can call from rules.IPv6.Inbound. For IPv4 the loopback interface has all of
// 127.0.0.0/8; for IPv6 only ::1.
func hasInboundAddress() bool {
	text, _ := os.ReadFile("/proc/net/if_inet6")
	return strings.Contains("\n"+string(text), "\n"+inboundAddress)
}

func addInboundAddress() error {
	if hasInboundAddress() {
		return nil
	}
	_, err := run("", "ip", addressCommand("add")...)
	return err
}

func removeInboundAddress() error {
	if !hasInboundAddress() {
		return nil
	}
	_, err := run("", "ip", addressCommand("del")...)
	return err
}

func addressCommand(does string) []string {
	return []string{"-6", "addr", does, rules.IPv6.Inbound().String(), "dev", "lo"}
}
