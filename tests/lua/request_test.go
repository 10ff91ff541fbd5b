package lua

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
)

// answer is what came back for a request.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request to a host by the Unix socket; header is pairs of name and value.
func (s *server) ask(t *testing.T, host, path string, header ...string) answer {
	t.Helper()
	return ask(t, s.client, "http://"+host+path, header...)
}

func ask(t *testing.T, client *http.Client, url string, header ...string) answer {
	t.Helper()
	request, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			request.Host = header[i+1]
		} else {
			request.Header.Add(header[i], header[i+1])
		}
	}
	return do(t, client, request)
}

func do(t *testing.T, client *http.Client, request *http.Request) answer {
	t.Helper()
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{status: response.StatusCode, header: response.Header, body: string(body)}
}

// post sends a body to one of the stub's test locations, and returns what it says.
func (s *server) post(t *testing.T, path string, body []byte) string {
	t.Helper()
	request, err := http.NewRequest("POST", "http://test"+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	got := do(t, s.client, request)
	if got.status != 200 {
		t.Fatalf("%s: status %d: %s", path, got.status, got.body)
	}
	return strings.TrimSpace(got.body)
}
