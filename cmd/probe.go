package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

var probe = command{
	name:    "probe",
	args:    "[URL]",
	summary: "asks a health or readiness page, for container probes",
	help: `
Asks a page by HTTP. For the probes of containers whose image has no shell and no curl.

Without a URL it asks the agent's readiness at its default status address, http://127.0.0.1:15021/readyz.
`,
	examples: []example{
		{"Is the agent ready?", "amesh-render probe"},
		{"Is it alive, at another address?", "amesh-render probe http://127.0.0.1:9021/healthz --timeout 500ms"},
	},
	exits:   exits{exitOK: "the answer is 2xx", exitNo: "it is another, or there is none"},
	seeAlso: []string{"agent", "docs/agent.md"},
	flags: func(set *pflag.FlagSet) func(Streams, []string) error {
		timeout := set.Duration("timeout", time.Second, "how long to wait for the answer")
		return func(s Streams, args []string) error {
			url := "http://127.0.0.1:15021/readyz"
			switch {
			case len(args) == 1:
				url = args[0]
			case len(args) > 1:
				return usageError{errors.New("takes one URL")}
			}
			if !strings.HasPrefix(url, "http://") {
				return usageError{fmt.Errorf("%q is not an http:// URL", url)}
			}
			return ask(s, url, *timeout)
		}
	},
}

func ask(s Streams, url string, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return usageError{err}
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		fmt.Fprintf(s.Err, "amesh-render: probe: %v\n", err)
		return errNo
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		reason, _ := io.ReadAll(io.LimitReader(response.Body, 4096))
		fmt.Fprintf(s.Err, "amesh-render: probe: %s: %s\n", response.Status, strings.TrimSpace(string(reason)))
		return errNo
	}
	return nil
}
