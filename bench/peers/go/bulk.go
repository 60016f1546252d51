package main

import (
	"fmt"
	"net"
	"os"

	"github.com/google/nftables"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

const (
	routeProtocol = 78 // netloom's routes, among others'
	loopback      = 1
)

func expectRoutes(box *sandbox, table, should int) error {
	filter := &netlink.Route{Table: table, Protocol: routeProtocol}
	mask := netlink.RT_FILTER_TABLE | netlink.RT_FILTER_PROTOCOL
	routes, err := box.handle.RouteListFiltered(netlink.FAMILY_V4, filter, mask)
	if err != nil {
		return err
	}
	return expect("routes", len(routes), should)
}

// The library has no call for many: one after the other is its best, with the sockets kept open by a Handle.
func addRoutes(box *sandbox, size, _ int) (work, error) {
	run := func() error {
		for i := 0; i < size; i++ {
			if err := box.handle.RouteAdd(localRoute(fixed(i), loopback)); err != nil {
				return err
			}
		}
		return nil
	}
	return work{size, run, func() error { return expectRoutes(box, unix.RT_TABLE_LOCAL, size) }}, nil
}

func addAddresses(box *sandbox, size, _ int) (work, error) {
	lo, err := box.handle.LinkByIndex(loopback)
	if err != nil {
		return work{}, err
	}
	before, err := box.handle.AddrList(lo, netlink.FAMILY_V4)
	run := func() error {
		for i := 0; i < size; i++ {
			if err := box.handle.AddrAdd(lo, hostAddress(fixed(i))); err != nil {
				return err
			}
		}
		return nil
	}
	verify := func() error {
		addresses, err := box.handle.AddrList(lo, netlink.FAMILY_V4)
		if err != nil {
			return err
		}
		return expect("addresses", len(addresses), len(before)+size)
	}
	return work{size, run, verify}, err
}

func neighbour(i, device int) *netlink.Neigh {
	ip := fixed(i)
	return &netlink.Neigh{
		LinkIndex:    device,
		Family:       netlink.FAMILY_V4,
		State:        netlink.NUD_PERMANENT,
		IP:           ip,
		HardwareAddr: net.HardwareAddr{2, 0, ip[0], ip[1], ip[2], ip[3]},
	}
}

func addNeighbours(box *sandbox, size, _ int) (work, error) {
	device := box.gateway.Attrs().Index
	run := func() error {
		for i := 0; i < size; i++ {
			if err := box.handle.NeighAdd(neighbour(i, device)); err != nil {
				return err
			}
		}
		return nil
	}
	verify := func() error {
		neighbours, err := box.handle.NeighList(device, netlink.FAMILY_V4)
		if err != nil {
			return err
		}
		return expect("neighbours", len(neighbours), size)
	}
	return work{size, run, verify}, nil
}

func addElements(box *sandbox, size, _ int) (work, error) {
	set := &nftables.Set{
		Table:   &nftables.Table{Name: "netloom", Family: nftables.TableFamilyIPv4},
		Name:    "addresses",
		KeyType: nftables.TypeIPAddr,
	}
	definition := fmt.Sprintf("{ type ipv4_addr; size %d; }", capacityFor(size))
	err := nft("add table ip netloom", "add set ip netloom addresses "+definition)
	run := func() error {
		for start := 0; start < size; start += elementsPerFlush {
			elements := make([]nftables.SetElement, 0, elementsPerFlush)
			for i := start; i < start+elementsPerFlush && i < size; i++ {
				elements = append(elements, nftables.SetElement{Key: fixed(i)})
			}
			if err := box.nft.SetAddElements(set, elements); err != nil {
				return err
			}
			if err := box.nft.Flush(); err != nil {
				return err
			}
		}
		return nil
	}
	verify := func() error {
		elements, err := box.nft.GetSetElements(set)
		if err != nil {
			return err
		}
		return expect("elements", len(elements), size)
	}
	return work{size, run, verify}, err
}

// A named namespace and a veth pair between it and the run's own.
func makeNamespaces(box *sandbox, size, _ int) (work, error) {
	name := func(i int) string { return fmt.Sprintf("bench-go-%d-%d", os.Getpid(), i) }
	made := 0
	run := func() error {
		for ; made < size; made++ {
			namespace, err := netns.NewNamed(name(made))
			if err != nil {
				return err
			}
			defer namespace.Close()
			if err := netns.Set(box.inside); err != nil {
				return err
			}
			attributes := netlink.NewLinkAttrs()
			attributes.Name = fmt.Sprintf("tap%d", made)
			veth := &netlink.Veth{LinkAttrs: attributes, PeerName: "eth0", PeerNamespace: netlink.NsFd(namespace)}
			if err := box.handle.LinkAdd(veth); err != nil {
				return err
			}
		}
		return nil
	}
	box.onClose = func() {
		netns.Set(box.inside)
		for i := 0; i <= made && i < size; i++ {
			netns.DeleteNamed(name(i))
		}
	}
	verify := func() error {
		links, err := box.handle.LinkList()
		if err != nil {
			return err
		}
		return expect("devices", len(links), size+2) // and lo, and the gateway port
	}
	return work{size, run, verify}, nil
}

func init() {
	scenarios["route-add"] = addRoutes
	scenarios["route-add-sequential"] = addRoutes
	scenarios["route-add-concurrent"] = addRoutes
	scenarios["address-add"] = addAddresses
	scenarios["neighbour-add"] = addNeighbours
	scenarios["element-add"] = addElements
	scenarios["netns-veth"] = makeNamespaces
}
