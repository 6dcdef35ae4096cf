// Yaml answers what kubectl makes of a file: the objects that it would send, in the code that kubectl itself runs
// (k8s.io/cli-runtime/pkg/resource: FileVisitor, StreamVisitor).
//
//	{"base64": "YTogMQo="} -> {"values": [{"a": 1}], "error": null}
//
// The values before an error are those that kubectl would have sent already.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"tidewaiter.dev/test/oracle/jsonlines"
)

type question struct {
	Bytes []byte `json:"base64"`
}

type answer struct {
	Values []json.RawMessage `json:"values"`
	Error  *string           `json:"error"`
}

func main() {
	jsonlines.Serve(func(asked question) (answer, error) { return read(asked.Bytes), nil })
}

// As FileVisitor.Visit and StreamVisitor.Visit do.
func read(file []byte) answer {
	reply := answer{Values: []json.RawMessage{}}
	decoder := yaml.NewYAMLOrJSONDecoder(
		transform.NewReader(bytes.NewReader(file), unicode.BOMOverride(unicode.UTF8.NewDecoder())), 4096)
	for {
		ext := runtime.RawExtension{}
		if err := decoder.Decode(&ext); err != nil {
			if !errors.Is(err, io.EOF) {
				text := err.Error()
				reply.Error = &text
			}
			return reply
		}
		ext.Raw = bytes.TrimSpace(ext.Raw)
		if len(ext.Raw) == 0 || bytes.Equal(ext.Raw, []byte("null")) {
			continue
		}
		reply.Values = append(reply.Values, ext.Raw)
	}
}
