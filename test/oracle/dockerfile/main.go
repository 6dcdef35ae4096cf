// Dockerfile answers what BuildKit reads in a Dockerfile and what it would pull for it, with BuildKit's own code.
//
//	{"text": "FROM alpine:3 AS base\nFROM base\n"}
//
// Nothing is pulled: every image that BuildKit asks for is written down and answered with an empty configuration.
package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
	"tidewaiter.dev/test/oracle/jsonlines"
)

type question struct {
	Text string `json:"text"`
}

type answer struct {
	// Why BuildKit does not build it; then the rest says how far it came.
	Error *string `json:"error"`
	// Full names, sorted, each once: for all stages, as they are built.
	Pulled []string `json:"pulled"`
	// As they are written in triggers, in their order: these are pulled by builds upon this one.
	Onbuild []string `json:"onbuild"`
	// The image of the frontend.
	Syntax       *string       `json:"syntax"`
	Instructions []instruction `json:"instructions"`
}

type instruction struct {
	Name string `json:"name"`
	// Lines from 1, with those of its here-documents.
	First int `json:"first"`
	Last  int `json:"last"`
	// The words that end its here-documents.
	Heredocs []string `json:"heredocs"`
}

func main() {
	jsonlines.Serve(func(asked question) (answer, error) { return read(asked.Text), nil })
}

func read(source string) answer {
	reply := answer{Pulled: []string{}, Onbuild: []string{}, Instructions: []instruction{}}
	if syntax, _, _, ok := parser.DetectSyntax([]byte(source)); ok {
		reply.Syntax = &syntax
	}
	tree, err := parser.Parse(strings.NewReader(source))
	if err != nil {
		return failed(reply, err)
	}
	for _, node := range tree.AST.Children {
		reply.Instructions = append(reply.Instructions, instructionOf(node))
	}
	stages, _, err := instructions.Parse(tree.AST, linter.New(&linter.Config{}))
	if err != nil {
		return failed(reply, err)
	}
	if reply.Onbuild, err = triggered(stages); err != nil {
		return failed(reply, err)
	}
	reply.Pulled, err = pulled(source)
	if err != nil {
		return failed(reply, err)
	}
	return reply
}

func failed(reply answer, err error) answer {
	text := err.Error()
	reply.Error = &text
	return reply
}

func instructionOf(node *parser.Node) instruction {
	found := instruction{
		Name: strings.ToUpper(node.Value), First: node.StartLine, Last: node.EndLine, Heredocs: []string{},
	}
	for _, heredoc := range node.Heredocs {
		found.Heredocs = append(found.Heredocs, heredoc.Name)
	}
	return found
}

// What triggers copy or mount from, read as a build reads them that starts from this image.
func triggered(stages []instructions.Stage) ([]string, error) {
	found := []string{}
	for _, stage := range stages {
		for _, command := range stage.Commands {
			trigger, ok := command.(*instructions.OnbuildCommand)
			if !ok {
				continue
			}
			tree, err := parser.Parse(strings.NewReader(trigger.Expression))
			if err != nil {
				return found, err
			}
			inner, err := instructions.ParseCommand(tree.AST.Children[0])
			if err != nil {
				return found, err
			}
			found = append(found, sourcesOf(inner)...)
		}
	}
	return found, nil
}

func sourcesOf(command instructions.Command) []string {
	found := []string{}
	switch one := command.(type) {
	case *instructions.CopyCommand:
		if one.From != "" {
			found = append(found, one.From)
		}
	case *instructions.RunCommand:
		for _, mount := range instructions.GetMounts(one) {
			if mount.From != "" {
				found = append(found, mount.From)
			}
		}
	}
	return found
}

func pulled(source string) ([]string, error) {
	resolver := &notebook{}
	capabilities := pb.Caps.CapSet(pb.Caps.All())
	file := llb.NewSourceMap(nil, "Dockerfile", "Dockerfile", []byte(source))
	file.Definition = &llb.Definition{}
	result, err := dockerfile2llb.DockerfileLint(context.Background(), []byte(source), dockerfile2llb.ConvertOpt{
		MetaResolver: resolver,
		LLBCaps:      &capabilities,
		SourceMap:    file,
	})
	slices.Sort(resolver.names)
	names := slices.Compact(append([]string{}, resolver.names...))
	if err != nil {
		return names, err
	}
	if result.Error != nil {
		return names, errors.New(result.Error.Message)
	}
	return names, nil
}

type notebook struct {
	lock  sync.Mutex
	names []string
}

func (n *notebook) ResolveImageConfig(
	_ context.Context, name string, _ sourceresolver.Opt,
) (string, digest.Digest, []byte, error) {
	n.lock.Lock()
	defer n.lock.Unlock()
	n.names = append(n.names, name)
	return name, "", []byte(`{"os":"linux","architecture":"amd64"}`), nil
}
