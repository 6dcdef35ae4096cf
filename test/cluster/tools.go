//go:build tools

// Package tools names the programs of the control plane that the tests run against, and kwok, so that go.mod and go.sum pin
// them and everything they are made of. It is never compiled: build.mjs builds the packages by their path.
package tools

import (
	_ "go.etcd.io/etcd/server/v3"
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "sigs.k8s.io/kwok/cmd/kwok"
)
