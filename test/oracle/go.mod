// The Go originals that tidewaiter's own parsers are compared with.
module tidewaiter.dev/test/oracle

go 1.26.0

require github.com/distribution/reference v0.6.0

require github.com/opencontainers/go-digest v1.0.0 // indirect
