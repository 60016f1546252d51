// The Go peer: github.com/vishvananda/netlink and github.com/google/nftables, used as well as they allow.
// bench/README.md has the protocol. To build it with Debian's packages (golang-go, golang-github-vishvananda-netlink-dev,
// golang-github-google-nftables-dev):
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go build -o bench/peers/go/peer ./bench/peers/go
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

type request struct {
	Scenario string `json:"scenario"`
	Size     int    `json:"size"`
	Batch    int    `json:"batch"`
}

type answer struct {
	Ns         int64  `json:"ns,omitempty"`
	Operations int    `json:"operations,omitempty"`
	Skip       string `json:"skip,omitempty"`
	Error      string `json:"error,omitempty"`
}

// Skip is the error of a scenario that this driver does not do.
type skip string

func (s skip) Error() string { return string(s) }

// A scenario prepares the sandbox, and returns what to time, how many operations that is, and what to look at then.
type scenario func(box *sandbox, size, batch int) (work, error)

type work struct {
	operations int
	run        func() error
	verify     func() error
}

var scenarios = map[string]scenario{}

func main() {
	// Namespaces belong to threads.
	runtime.LockOSThread()
	out := json.NewEncoder(os.Stdout)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var req request
		if err := json.Unmarshal(lines.Bytes(), &req); err != nil {
			out.Encode(answer{Error: err.Error()})
			continue
		}
		out.Encode(perform(req))
	}
}

func perform(req request) answer {
	prepare, known := scenarios[req.Scenario]
	if !known {
		return answer{Skip: "the Go libraries are not measured here"}
	}
	elapsed, operations, err := measure(prepare, req)
	if reason, is := err.(skip); is {
		return answer{Skip: string(reason)}
	}
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Ns: elapsed.Nanoseconds(), Operations: operations}
}

func measure(prepare scenario, req request) (elapsed time.Duration, operations int, err error) {
	box, err := newSandbox()
	if err != nil {
		return 0, 0, err
	}
	defer func() {
		if closing := box.close(); err == nil {
			err = closing
		}
	}()
	work, err := prepare(box, req.Size, req.Batch)
	if err != nil {
		return 0, 0, err
	}
	// Whether the set-up's garbage is collected in the timed part is chance.
	debug.FreeOSMemory()
	start := time.Now()
	err = work.run()
	elapsed = time.Since(start)
	if err == nil {
		err = work.verify()
	}
	return elapsed, work.operations, err
}

func expect(what string, is, should int) error {
	if is == should {
		return nil
	}
	return fmt.Errorf("%s: the kernel has %d, not %d", what, is, should)
}
