//go:build tools

// Package tools names the program that the test of the alerts runs, so that go.mod and go.sum pin it and everything it is
// made of. It is never compiled: test/chart/build.mjs builds the package by its path.
package tools

import (
	_ "github.com/prometheus/prometheus/cmd/promtool"
)
