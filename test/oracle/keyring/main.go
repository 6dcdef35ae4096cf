// Keyring answers which pull credentials the kubelet finds for an image, with the kubelet's own code.
//
//	{"secrets": [{"name": "a", "type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": "e30="}}], "images": ["reg.io/a"]}
//	{"globs": [["*.io", "reg.io"]]}
//
// A file's bytes come in base64, so that no byte is changed on the way to the kubelet's decoder. An image is "domain/path",
// as the kubelet looks it up (pkg/kubelet/images/image_manager.go).
package main

import (
	"io"
	"path/filepath"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/credentialprovider"
	"k8s.io/kubernetes/pkg/credentialprovider/secrets"
	"tidewaiter.dev/test/oracle/jsonlines"
)

type question struct {
	Secrets []secret    `json:"secrets"`
	Images  []string    `json:"images"`
	Globs   [][2]string `json:"globs"`
}

type secret struct {
	Name string            `json:"name"`
	Type string            `json:"type"`
	Data map[string][]byte `json:"data"`
}

type answer struct {
	Error   *string       `json:"error"`
	Found   [][]candidate `json:"found"`
	Matches []bool        `json:"matches"`
}

type candidate struct {
	Secret   string `json:"secret"`
	Username string `json:"username"`
	Password string `json:"password"`
}

func main() {
	klog.SetOutput(io.Discard) // it logs each registry key that is not a URL
	klog.LogToStderr(false)
	jsonlines.Serve(func(asked question) (answer, error) { return answerOne(asked), nil })
}

func answerOne(asked question) answer {
	reply := answer{Found: [][]candidate{}, Matches: []bool{}}
	for _, pair := range asked.Globs {
		matched, err := filepath.Match(pair[0], pair[1]) // as the kubelet does, a bad pattern matches nothing
		reply.Matches = append(reply.Matches, matched && err == nil)
	}
	passed := make([]v1.Secret, 0, len(asked.Secrets))
	for _, one := range asked.Secrets {
		passed = append(passed, v1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: one.Name},
			Type:       v1.SecretType(one.Type),
			Data:       one.Data,
		})
	}
	// A node without credentials of its own.
	keyring, err := secrets.MakeDockerKeyring(passed, credentialprovider.UnionDockerKeyring{})
	if err != nil {
		text := err.Error()
		reply.Error = &text
		return reply
	}
	for _, image := range asked.Images {
		reply.Found = append(reply.Found, candidatesFor(keyring, image))
	}
	return reply
}

func candidatesFor(keyring credentialprovider.DockerKeyring, image string) []candidate {
	found := []candidate{}
	credentials, _ := keyring.Lookup(image)
	for _, one := range credentials {
		found = append(found, candidate{Secret: one.Source.Secret.Name, Username: one.Username, Password: one.Password})
	}
	return found
}
