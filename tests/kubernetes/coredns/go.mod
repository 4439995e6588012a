module flowclient.io/tests/kubernetes/coredns

go 1.25.0

require github.com/coredns/coredns v1.14.3

tool github.com/coredns/coredns
