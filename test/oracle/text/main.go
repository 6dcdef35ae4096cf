// What Go and apimachinery make of texts that tidewaiter parses itself. It reads one JSON question per line on stdin and writes
// one JSON answer per line on stdout, in the same order, until stdin ends.
//
//	{"kind": "duration", "text": "1h30m"}
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"gopkg.in/inf.v0"
	"k8s.io/apimachinery/pkg/api/resource"
)

type question struct {
	Kind string `json:"kind"`
	Text string `json:"text"`
	// Of the kind "glob": the text is the pattern.
	Name string `json:"name"`
}

// A text in an answer is a byte slice, since encoding/json would replace what is not UTF-8.
type answer struct {
	OK     bool              `json:"ok"`
	Value  string            `json:"value,omitempty"`
	Int64  bool              `json:"int64,omitempty"`
	Fields map[string][]byte `json:"fields,omitempty"`
}

func main() {
	questions := bufio.NewScanner(os.Stdin)
	questions.Buffer(nil, 1<<26)
	answers := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(answers)
	for questions.Scan() {
		var asked question
		if err := json.Unmarshal(questions.Bytes(), &asked); err != nil {
			fail(err)
		}
		if err := encoder.Encode(answerOne(asked)); err != nil {
			fail(err)
		}
		if err := answers.Flush(); err != nil {
			fail(err)
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "text:", err)
	os.Exit(2)
}

func answerOne(asked question) answer {
	switch asked.Kind {
	case "duration":
		parsed, err := time.ParseDuration(asked.Text)
		return answer{OK: err == nil, Value: fmt.Sprint(int64(parsed))}
	case "quantity":
		parsed, err := resource.ParseQuantity(asked.Text)
		return ofQuantity(parsed, err)
	case "json quantity": // the text is JSON
		var parsed resource.Quantity
		err := json.Unmarshal([]byte(asked.Text), &parsed)
		return ofQuantity(parsed, err)
	case "ip":
		parsed, err := netip.ParseAddr(asked.Text)
		if err != nil {
			return answer{}
		}
		zone := parsed.Zone()
		return answer{OK: true, Value: parsed.WithZone("").StringExpanded(), Fields: map[string][]byte{"zone": []byte(zone)}}
	case "glob":
		matched, err := filepath.Match(asked.Text, asked.Name)
		return answer{OK: err == nil && matched}
	case "url":
		return ofURL(url.Parse(asked.Text))
	case "request uri":
		return ofURL(url.ParseRequestURI(asked.Text))
	}
	fail(fmt.Errorf("a question has kind %q", asked.Kind))
	return answer{}
}

// In billionths.
func ofQuantity(parsed resource.Quantity, err error) answer {
	if err != nil {
		return answer{}
	}
	_, isInt64 := parsed.AsInt64()
	nanos := new(inf.Dec).Round(new(inf.Dec).Mul(parsed.AsDec(), inf.NewDec(1, -9)), 0, inf.RoundUp)
	return answer{OK: true, Value: nanos.String(), Int64: isInt64}
}

func ofURL(parsed *url.URL, err error) answer {
	if err != nil {
		return answer{}
	}
	return answer{OK: true, Fields: map[string][]byte{
		"scheme":   []byte(parsed.Scheme),
		"host":     []byte(parsed.Host),
		"path":     []byte(parsed.Path),
		"query":    []byte(parsed.RawQuery),
		"escaped":  []byte(parsed.EscapedPath()),
		"hostname": []byte(parsed.Hostname()),
		"port":     []byte(parsed.Port()),
		"values":   []byte(valuesOf(parsed.Query())),
	}}
}

func valuesOf(values url.Values) string {
	lines := []string{}
	for key, list := range values {
		lines = append(lines, key+"\x00"+strings.Join(list, "\x00"))
	}
	sort.Strings(lines)
	return strings.Join(lines, "\x01")
}
