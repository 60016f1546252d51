package main

import (
	"fmt"
	"net"
	"os/exec"
	"strings"
	"time"

	"github.com/google/nftables"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

const outsideName = "outside"

// A fresh namespace with a gateway port, whose other end is in a second one; and a connection of each library's.
type sandbox struct {
	home    netns.NsHandle
	outside netns.NsHandle
	inside  netns.NsHandle
	gateway netlink.Link
	handle  *netlink.Handle
	nft     *nftables.Conn
	onClose func()
}

func newSandbox() (*sandbox, error) {
	box := &sandbox{}
	var err error
	if box.home, err = netns.Get(); err != nil {
		return nil, err
	}
	if box.outside, err = netns.New(); err != nil {
		return nil, err
	}
	if box.inside, err = netns.New(); err != nil {
		return nil, err
	}
	if err = box.open(); err != nil {
		box.close()
		return nil, err
	}
	return box, nil
}

func (box *sandbox) open() error {
	var err error
	if box.handle, err = netlink.NewHandle(unix.NETLINK_ROUTE); err != nil {
		return err
	}
	if box.nft, err = nftables.New(nftables.AsLasting()); err != nil {
		return err
	}
	attributes := netlink.NewLinkAttrs()
	attributes.Name = "qg-0"
	veth := &netlink.Veth{LinkAttrs: attributes, PeerName: outsideName, PeerNamespace: netlink.NsFd(box.outside)}
	if err := box.handle.LinkAdd(veth); err != nil {
		return err
	}
	for _, name := range []string{"lo", "qg-0"} {
		link, err := box.handle.LinkByName(name)
		if err != nil {
			return err
		}
		if err := box.handle.LinkSetUp(link); err != nil {
			return err
		}
		box.gateway = link
	}
	address, err := netlink.ParseAddr("198.19.255.1/15")
	if err != nil {
		return err
	}
	if err := box.handle.AddrAdd(box.gateway, address); err != nil {
		return err
	}
	outside, err := netlink.NewHandleAt(box.outside, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer outside.Close()
	peer, err := outside.LinkByName(outsideName)
	if err != nil {
		return err
	}
	return outside.LinkSetUp(peer)
}

// Leaves, and waits until the kernel has taken the namespace apart, so that this work falls into nobody's timed part.
// The veth is among the last that go.
func (box *sandbox) close() error {
	if box.onClose != nil {
		box.onClose()
	}
	if box.handle != nil {
		box.handle.Close()
	}
	if box.nft != nil {
		box.nft.CloseLasting()
	}
	box.inside.Close()
	defer box.home.Close()
	defer box.outside.Close()
	if err := netns.Set(box.outside); err != nil {
		return err
	}
	for attempt := 0; attempt < 10000; attempt++ {
		if _, err := net.InterfaceByName(outsideName); err != nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	return netns.Set(box.home)
}

// Set-up that is not timed: sets with a size, which the library gives to constant sets alone.
func nft(commands ...string) error {
	command := exec.Command("nft", "-f", "-")
	command.Stdin = strings.NewReader(strings.Join(commands, "\n"))
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("nft: %w: %s", err, out)
	}
	return nil
}

// What sets are made for: the power of two above the number of elements, 1024 at the least.
func capacityFor(elements int) int {
	capacity := 1024
	for capacity < elements+1 {
		capacity *= 2
	}
	return capacity
}
