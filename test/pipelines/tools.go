//go:build tools

// Package pipelines pins the programs that validate what other systems read. test/chart/build.mjs builds them.
package pipelines

import (
	_ "github.com/rhysd/actionlint/cmd/actionlint"
	_ "sigs.k8s.io/krew/cmd/krew"
	_ "sigs.k8s.io/krew/cmd/validate-krew-manifest"
)
