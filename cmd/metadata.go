package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/structpb"
)

// Istio's proxy passes variables with these prefixes on as metadata of its node: NAME of ISTIO_META_NAME becomes a key,
// the value a string; ISTIO_METAJSON_… is an object whose members are keys, whatever the variable's name.
const (
	metaPrefix     = "ISTIO_META_"
	metaJSONPrefix = "ISTIO_METAJSON_"
	metaJSONLabels = metaJSONPrefix + "LABELS" // the exception: the labels
)

// metadata is what istiod wants to know beyond the node id.
func (f *nodeFlags) metadata(who identity, env map[string]string) (*structpb.Struct, error) {
	all, err := variableMetadata(env)
	if err != nil {
		return nil, err
	}
	labels, err := f.labels(env[metaJSONLabels])
	if err != nil {
		return nil, fmt.Errorf("labels: %w", err)
	}
	if len(labels) > 0 {
		all["LABELS"] = labels
	}
	var ips []string
	for _, ip := range withOthers(who.ips, f.here) {
		ips = append(ips, ip.String())
	}
	serviceAccount := f.serviceAccount
	if serviceAccount == "" {
		serviceAccount = env["SERVICE_ACCOUNT"]
	}
	for key, value := range map[string]string{
		"NAME": who.pod, "NAMESPACE": who.namespace, "INSTANCE_IPS": strings.Join(ips, ","),
		"SERVICE_ACCOUNT": serviceAccount, "CLUSTER_ID": f.clusterID, "MESH_ID": f.meshID,
	} {
		if value != "" {
			all[key] = value
		}
	}
	return structpb.NewStruct(all)
}

// variableMetadata is the metadata in the environment, but for the labels.
func variableMetadata(env map[string]string) (map[string]any, error) {
	all := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if key, ok := strings.CutPrefix(name, metaPrefix); ok && key != "" {
			if !utf8.ValidString(name + env[name]) {
				return nil, fmt.Errorf("%s is not UTF-8", name)
			}
			all[key] = env[name]
		}
		if strings.HasPrefix(name, metaJSONPrefix) && name != metaJSONLabels {
			var members map[string]any
			if err := json.Unmarshal([]byte(env[name]), &members); err != nil {
				return nil, fmt.Errorf("%s is not a JSON object: %w", name, err)
			}
			maps.Copy(all, members)
		}
	}
	return all, nil
}

// labels are the pod's labels: those in ISTIO_METAJSON_LABELS, and over them those in the file. Like Istio, without the
// hash by which a Deployment tells its ReplicaSets apart.
func (f *nodeFlags) labels(inVariable string) (map[string]any, error) {
	var inherited map[string]string
	if inVariable != "" {
		if err := json.Unmarshal([]byte(inVariable), &inherited); err != nil {
			return nil, fmt.Errorf("%s is not a JSON object of strings: %w", metaJSONLabels, err)
		}
	}
	own, err := f.readLabels()
	if err != nil {
		return nil, err
	}
	all := map[string]any{}
	for _, labels := range []map[string]string{inherited, own} {
		for key, value := range labels {
			all[key] = value
		}
	}
	delete(all, "pod-template-hash")
	return all, nil
}

func (f *nodeFlags) readLabels() (map[string]string, error) {
	path := f.labelsFile
	if path == "" {
		path = istioLabels
	}
	text, err := os.ReadFile(path)
	if f.labelsFile == "" && errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	labels, err := parseLabels(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return labels, nil
}

// parseLabels reads what the downward API writes: lines of key="value", the value quoted as Go does it.
func parseLabels(text string) (map[string]string, error) {
	labels := map[string]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		key, quoted, _ := strings.Cut(line, "=")
		value, err := strconv.Unquote(quoted)
		if err != nil || key == "" {
			return nil, fmt.Errorf("%q is not of the form key=\"value\"", line)
		}
		labels[key] = value
	}
	return labels, nil
}

// parseEnvironment makes a map of what os.Environ returns.
func parseEnvironment(environ []string) map[string]string {
	env := make(map[string]string, len(environ))
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		env[name] = value
	}
	return env
}
