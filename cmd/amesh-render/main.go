// Amesh-render makes Apache APISIX an Istio data plane with nothing but a file.
package main

import (
	"os"

	"github.com/amesh-render/amesh-render/cmd"
)

func main() {
	os.Exit(cmd.Run(os.Args[1:], cmd.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
