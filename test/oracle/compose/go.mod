// The code with which Compose reads .env files and variables, which src/files/image-locations/compose is compared with.
module tidewaiter.dev/test/oracle/compose

go 1.26.0

require (
	github.com/compose-spec/compose-go/v2 v2.16.2
	github.com/sirupsen/logrus v1.10.1
	tidewaiter.dev/test/oracle/jsonlines v0.0.0
)

require (
	go.yaml.in/yaml/v3 v3.0.6 // indirect
	golang.org/x/sys v0.13.0 // indirect
)

replace tidewaiter.dev/test/oracle/jsonlines => ../jsonlines
