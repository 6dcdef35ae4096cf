// Oracle answers what the Go libraries inside Kubernetes and containerd make of a value. It reads one JSON question
// per line on stdin and writes one JSON answer per line on stdout, in the same order, until stdin ends.
//
//	{"kind": "reference", "image": "nginx"}
//
// Strings go through encoding/json, as they do in the API server (sigs.k8s.io/json is a fork of it): a lone surrogate
// escape (\ud800) and each byte that is not UTF-8 become U+FFFD before the parser sees them. No image name may contain
// U+FFFD, so the answer for them is always "invalid", as it is in a cluster.
package main

import (
	"bufio"
	_ "crypto/sha256" // a digest is valid only when its algorithm is linked in; the kubelet and containerd
	_ "crypto/sha512" // have all three (crypto/tls brings them): sha256, sha384, sha512
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/distribution/reference"
)

type question struct {
	Kind  string  `json:"kind"`
	Image *string `json:"image"`
}

type answer struct {
	Valid      bool    `json:"valid"`
	Error      *string `json:"error"`
	Domain     *string `json:"domain"`
	Path       *string `json:"path"`
	Tag        *string `json:"tag"`
	Digest     *string `json:"digest"`
	Normalized *string `json:"normalized"`
	Familiar   *string `json:"familiar"`
	RuntimeRef *string `json:"runtimeRef"`
}

func main() {
	if err := answerAll(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
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
		reply, err := answerOne(line)
		if err != nil {
			return err
		}
		if err := encoder.Encode(reply); err != nil {
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

func answerOne(line []byte) (answer, error) {
	var asked question
	if err := json.Unmarshal(line, &asked); err != nil {
		return answer{}, fmt.Errorf("a question is not JSON: %w", err)
	}
	if asked.Kind != "reference" || asked.Image == nil {
		return answer{}, fmt.Errorf(`a question has kind %q; accepted: {"kind": "reference", "image": "..."}`, asked.Kind)
	}
	return parse(*asked.Image), nil
}

func parse(image string) answer {
	// As the kubelet (pkg/util/parsers.ParseImageName) and containerd's CRI do.
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return invalid(err)
	}
	// What containerd pulls (internal/cri/server/images: PullImage): ":latest" when there is neither tag nor digest,
	// and no tag when there are both.
	pulled, err := reference.ParseDockerRef(image)
	if err != nil {
		return invalid(err)
	}
	reply := answer{
		Valid:      true,
		Domain:     text(reference.Domain(named)),
		Path:       text(reference.Path(named)),
		Normalized: text(named.String()),
		Familiar:   text(reference.FamiliarString(named)),
		RuntimeRef: text(pulled.String()),
	}
	if tagged, ok := named.(reference.Tagged); ok {
		reply.Tag = text(tagged.Tag())
	}
	if digested, ok := named.(reference.Digested); ok {
		reply.Digest = text(digested.Digest().String())
	}
	return reply
}

func invalid(err error) answer {
	return answer{Error: text(err.Error())}
}

func text(value string) *string {
	return &value
}
