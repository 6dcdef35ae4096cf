// The image references of Kubernetes and containerd, which src/image is compared with.
module tidewaiter.dev/test/oracle/reference

go 1.26.0

require (
	github.com/distribution/reference v0.6.0
	tidewaiter.dev/test/oracle/jsonlines v0.0.0
)

require github.com/opencontainers/go-digest v1.0.0 // indirect

replace tidewaiter.dev/test/oracle/jsonlines => ../jsonlines
