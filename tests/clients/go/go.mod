module countersign.invalid/clients/go

go 1.16

// Resolved when the client is built: the test is for the version that people would get now.
require github.com/aliyun/aliyun-odps-go-sdk latest
