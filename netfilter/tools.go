// Package netfilter puts the rules of intercept/rules into the kernel by running iptables-restore, and reads them with
// iptables-save. It acts on the network namespace of the process.
package netfilter

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/amesh-render/amesh-render/intercept/rules"
)

// Tools are the programs of one back end of iptables.
type Tools struct {
	// Backend is "nft", "legacy", or "" where only programs without such a name are installed.
	Backend string
}

// Back ends of iptables. Rules of one are not seen by the other, but both are in force.
const (
	NFT    = "nft"
	Legacy = "legacy"
)

func (t Tools) String() string {
	if t.Backend == "" {
		return "iptables"
	}
	return "iptables-" + t.Backend
}

// program is the name of a program: "ip6tables-nft-restore".
func (t Tools) program(f rules.Family, does string) string {
	name := "iptables-"
	if f == rules.IPv6 {
		name = "ip6tables-"
	}
	if t.Backend != "" {
		name += t.Backend + "-"
	}
	return name + does
}

// installed reports whether the programs are there.
func (t Tools) installed() bool {
	_, errSave := exec.LookPath(t.program(rules.IPv4, "save"))
	_, errRestore := exec.LookPath(t.program(rules.IPv4, "restore"))
	return errSave == nil && errRestore == nil
}

// Saved is what is in the kernel.
func (t Tools) Saved(f rules.Family) (rules.Saved, error) {
	text, err := run("", t.program(f, "save"))
	return rules.ParseSaved(text), err
}

// restore puts a text into the kernel, all of each table in it or nothing. It waits for others that do the same.
func (t Tools) restore(f rules.Family, text string) error {
	_, err := run(text, t.program(f, "restore"), "--noflush", "--wait=30")
	return err
}

func run(input, program string, args ...string) (output string, err error) {
	c := exec.Command(program, args...)
	var stdout, stderr bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(input), &stdout, &stderr
	err = c.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("%s: %s (exit code %d)", program, said(stderr.String()), exit.ExitCode())
	}
	return stdout.String(), err
}

// said is what a program had to say, in one line.
func said(stderr string) string {
	var lines []string
	for line := range strings.Lines(stderr) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "Try `") {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return "failed without a word"
	}
	return strings.Join(lines, "; ")
}
