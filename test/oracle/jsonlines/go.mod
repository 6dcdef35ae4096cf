// The loop that the programs of this directory share.
module tidewaiter.dev/test/oracle/jsonlines

go 1.26.0
