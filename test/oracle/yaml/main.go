// Yaml answers what kubectl makes of a file: the objects that it would send, in the code that kubectl itself runs
// (k8s.io/cli-runtime/pkg/resource: FileVisitor, StreamVisitor). It reads one JSON question per line on stdin and writes
// one JSON answer per line on stdout, in the same order, until stdin ends.
//
//	{"base64": "YTogMQo="} -> {"values": [{"a": 1}], "error": null}
//
// The values before an error are those that kubectl would have sent already.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
)

type question struct {
	Bytes []byte `json:"base64"`
}

type answer struct {
	Values []json.RawMessage `json:"values"`
	Error  *string           `json:"error"`
}

func main() {
	if err := answerAll(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "yaml:", err)
		os.Exit(2)
	}
}

func answerAll(in io.Reader, out io.Writer) error {
	questions := bufio.NewReader(in)
	answers := bufio.NewWriter(out)
	encoder := json.NewEncoder(answers)
	for {
		line, err := questions.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return answers.Flush()
		}
		if err != nil {
			return err
		}
		var asked question
		if err := json.Unmarshal(line, &asked); err != nil {
			return fmt.Errorf("a question is not JSON: %w", err)
		}
		if err := encoder.Encode(read(asked.Bytes)); err != nil {
			return err
		}
		if questions.Buffered() > 0 {
			continue // more was asked already: answer in larger writes
		}
		if err := answers.Flush(); err != nil {
			return err
		}
	}
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
