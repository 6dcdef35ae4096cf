//go:build tools

// Package tools names the programs that the tests of the chart run, so that go.mod and go.sum pin them and everything
// they are made of. It is never compiled: build.mjs builds the three packages by their path.
package tools

import (
	_ "github.com/helm-unittest/helm-unittest/cmd/helm-unittest"
	_ "helm.sh/helm/v3/cmd/helm"
	_ "helm.sh/helm/v4/cmd/helm"
)
