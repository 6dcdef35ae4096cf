//go:build tools

// Package registry names the program that build.mjs builds, so that `go mod tidy` keeps its modules.
package registry

import _ "github.com/distribution/distribution/v3/cmd/registry"
