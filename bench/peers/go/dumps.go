package main

import (
	"fmt"
	"net"
	"strings"

	"github.com/google/nftables"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

func dumpRoutes(box *sandbox, size, _ int) (work, error) {
	for i := 0; i < size; i++ {
		route := &netlink.Route{
			LinkIndex: loopback,
			Dst:       &net.IPNet{IP: fixed(i), Mask: net.CIDRMask(32, 32)},
			Scope:     netlink.SCOPE_LINK,
			Protocol:  routeProtocol,
		}
		if err := box.handle.RouteAdd(route); err != nil {
			return work{}, err
		}
	}
	var routes []netlink.Route
	run := func() (err error) {
		filter := &netlink.Route{Table: unix.RT_TABLE_MAIN, Protocol: routeProtocol}
		mask := netlink.RT_FILTER_TABLE | netlink.RT_FILTER_PROTOCOL
		routes, err = box.handle.RouteListFiltered(netlink.FAMILY_V4, filter, mask)
		return err
	}
	return work{size, run, func() error { return expect("routes", len(routes), size) }}, nil
}

func dumpNeighbours(box *sandbox, size, _ int) (work, error) {
	device := box.gateway.Attrs().Index
	// Permanent ones are exempt from net.ipv4.neigh.default.gc_thresh3 (neigh_alloc), which is the whole machine's.
	for i := 0; i < size; i++ {
		if err := box.handle.NeighAdd(neighbour(i, device)); err != nil {
			return work{}, err
		}
	}
	var neighbours []netlink.Neigh
	run := func() (err error) {
		neighbours, err = box.handle.NeighList(device, netlink.FAMILY_V4)
		return err
	}
	return work{size, run, func() error { return expect("neighbours", len(neighbours), size) }}, nil
}

func dumpElements(box *sandbox, size, _ int) (work, error) {
	var elements strings.Builder
	for i := 0; i < size; i++ {
		fmt.Fprintf(&elements, "%s : %s, ", fixed(i), floating(i))
	}
	err := nft("add table ip netloom",
		fmt.Sprintf("add map ip netloom fip_dnat { type ipv4_addr : ipv4_addr; size %d; }", capacityFor(size)),
		"add element ip netloom fip_dnat { "+elements.String()+" }")
	set := &nftables.Set{
		Table:    &nftables.Table{Name: "netloom", Family: nftables.TableFamilyIPv4},
		Name:     "fip_dnat",
		IsMap:    true,
		KeyType:  nftables.TypeIPAddr,
		DataType: nftables.TypeIPAddr,
	}
	var read []nftables.SetElement
	run := func() (err error) {
		read, err = box.nft.GetSetElements(set)
		return err
	}
	return work{size, run, func() error { return expect("elements", len(read), size) }}, err
}

func init() {
	scenarios["dump-routes"] = dumpRoutes
	scenarios["dump-neighbours"] = dumpNeighbours
	scenarios["dump-elements"] = dumpElements
}
