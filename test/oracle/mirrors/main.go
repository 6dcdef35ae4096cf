// Answers where containerd and CRI-O would pull images from, with given mirror configurations.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/containerd/containerd/v2/core/remotes/docker/config"
	"go.podman.io/image/v5/docker/reference"
	"go.podman.io/image/v5/pkg/sysregistriesv2"
	"go.podman.io/image/v5/types"

	"tidewaiter.dev/test/oracle/jsonlines"
)

type question struct {
	// Paths below the directory of the containerd configuration, and the texts of the files.
	Containerd map[string]string `json:"containerd"`
	// The text of a file in registries.conf.d.
	CRIO string `json:"crio"`
	// Complete names, with a tag or a digest.
	Image string `json:"image"`
}

type answer struct {
	// URLs of the manifest, in the order in which they are tried.
	Containerd []string `json:"containerd"`
	// References, in the order in which they are tried.
	CRIO []string `json:"crio"`
}

func main() {
	jsonlines.Serve(answerOne)
}

func answerOne(asked question) (answer, error) {
	named, err := reference.ParseNormalizedNamed(asked.Image)
	if err != nil {
		return answer{}, err
	}
	directory, err := os.MkdirTemp("", "mirrors")
	if err != nil {
		return answer{}, err
	}
	defer os.RemoveAll(directory)
	fromContainerd, err := containerd(filepath.Join(directory, "certs.d"), asked.Containerd, named)
	if err != nil {
		return answer{}, fmt.Errorf("containerd: %w", err)
	}
	fromCRIO, err := crio(directory, asked.CRIO, named)
	if err != nil {
		return answer{}, fmt.Errorf("CRI-O: %w", err)
	}
	return answer{Containerd: fromContainerd, CRIO: fromCRIO}, nil
}

// containerd asks each host in turn: core/remotes/docker/resolver.go.
func containerd(directory string, files map[string]string, named reference.Named) ([]string, error) {
	for path, text := range files {
		if err := write(filepath.Join(directory, path), text); err != nil {
			return nil, err
		}
	}
	hosts, err := config.ConfigureHosts(context.Background(), config.HostOptions{
		HostDir: config.HostDirFromRoot(directory),
	})(reference.Domain(named))
	if err != nil {
		return nil, err
	}
	urls := []string{}
	for _, host := range hosts {
		if !host.Capabilities.Has(docker.HostCapabilityPull | docker.HostCapabilityResolve) {
			continue
		}
		urls = append(urls, fmt.Sprintf("%s://%s%s/%s/manifests/%s", host.Scheme, host.Host, host.Path, reference.Path(named), object(named)))
	}
	return urls, nil
}

func crio(directory, text string, named reference.Named) ([]string, error) {
	if err := write(filepath.Join(directory, "registries.conf.d", "mirrors.conf"), text); err != nil {
		return nil, err
	}
	if err := write(filepath.Join(directory, "registries.conf"), ""); err != nil {
		return nil, err
	}
	registry, err := sysregistriesv2.FindRegistry(&types.SystemContext{
		SystemRegistriesConfPath:    filepath.Join(directory, "registries.conf"),
		SystemRegistriesConfDirPath: filepath.Join(directory, "registries.conf.d"),
	}, named.String())
	if err != nil {
		return nil, err
	}
	if registry == nil {
		return []string{named.String()}, nil
	}
	sources, err := registry.PullSourcesFromReference(named)
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, source := range sources {
		names = append(names, source.Reference.String())
	}
	return names, nil
}

func object(named reference.Named) string {
	if digested, ok := named.(reference.Digested); ok {
		return digested.Digest().String()
	}
	if tagged, ok := named.(reference.Tagged); ok {
		return tagged.Tag()
	}
	return "latest"
}

func write(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o600)
}
