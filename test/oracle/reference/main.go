// Reference answers what the Go libraries inside Kubernetes and containerd make of an image string.
//
//	{"kind": "reference", "image": "nginx"}
//
// Strings go through encoding/json, as they do in the API server (sigs.k8s.io/json is a fork of it): a lone surrogate
// escape (\ud800) and each byte that is not UTF-8 become U+FFFD before the parser sees them. No image name may contain
// U+FFFD, so the answer for them is always "invalid", as it is in a cluster.
package main

import (
	_ "crypto/sha256" // a digest is valid only when its algorithm is linked in; the kubelet and containerd
	_ "crypto/sha512" // have all three (crypto/tls brings them): sha256, sha384, sha512
	"fmt"

	"github.com/distribution/reference"
	"tidewaiter.dev/test/oracle/jsonlines"
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
	jsonlines.Serve(answerOne)
}

func answerOne(asked question) (answer, error) {
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
