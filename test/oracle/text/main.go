// Text answers what Go and apimachinery make of texts that tidewaiter parses itself.
//
//	{"kind": "duration", "text": "1h30m"}
package main

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"gopkg.in/inf.v0"
	"k8s.io/apimachinery/pkg/api/resource"
	"tidewaiter.dev/test/oracle/jsonlines"
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
	jsonlines.Serve(answerOne)
}

func answerOne(asked question) (answer, error) {
	switch asked.Kind {
	case "duration":
		parsed, err := time.ParseDuration(asked.Text)
		return answer{OK: err == nil, Value: fmt.Sprint(int64(parsed))}, nil
	case "quantity":
		parsed, err := resource.ParseQuantity(asked.Text)
		return ofQuantity(parsed, err), nil
	case "json quantity": // the text is JSON
		var parsed resource.Quantity
		err := json.Unmarshal([]byte(asked.Text), &parsed)
		return ofQuantity(parsed, err), nil
	case "ip":
		parsed, err := netip.ParseAddr(asked.Text)
		if err != nil {
			return answer{}, nil
		}
		zone := parsed.Zone()
		return answer{OK: true, Value: parsed.WithZone("").StringExpanded(), Fields: map[string][]byte{"zone": []byte(zone)}}, nil
	case "glob":
		matched, err := filepath.Match(asked.Text, asked.Name)
		return answer{OK: err == nil && matched}, nil
	case "url":
		return ofURL(url.Parse(asked.Text)), nil
	case "request uri":
		return ofURL(url.ParseRequestURI(asked.Text)), nil
	}
	return answer{}, fmt.Errorf("a question has kind %q", asked.Kind)
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
