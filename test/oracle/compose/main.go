// Compose answers what Compose reads in a .env file, and what it makes of a text with variables, with its own code.
//
//	{"env": "TAG=1.2\n", "text": "app:${TAG}"}
//
// The environment is empty.
package main

import (
	"strings"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/template"
	"github.com/sirupsen/logrus"
	"tidewaiter.dev/test/oracle/jsonlines"
)

type question struct {
	Env  string `json:"env"`
	Text string `json:"text"`
}

type answer struct {
	// Why Compose does not read it.
	Error  *string           `json:"error"`
	Values map[string]string `json:"values"`
	// With the values.
	Text string `json:"text"`
}

func main() {
	logrus.SetLevel(logrus.ErrorLevel)
	jsonlines.Serve(func(asked question) (answer, error) { return read(asked), nil })
}

func read(asked question) answer {
	values, err := dotenv.Parse(strings.NewReader(asked.Env))
	if err != nil {
		return failed(err)
	}
	text, err := template.Substitute(asked.Text, func(name string) (string, bool) {
		value, ok := values[name]
		return value, ok
	})
	if err != nil {
		return failed(err)
	}
	return answer{Values: values, Text: text}
}

func failed(err error) answer {
	why := err.Error()
	return answer{Error: &why, Values: map[string]string{}}
}
