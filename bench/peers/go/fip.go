package main

import (
	"fmt"
	"net"

	"github.com/google/nftables"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

const (
	mostFloatingIPs = 130000
	churned         = 4000 // floating IPs in one run of a churn
	// The library sends a Flush as one datagram and cannot enlarge the socket's buffer of 208 KiB, so that a transaction
	// has an end. More than this a Flush were no faster.
	elementsPerFlush = 500
)

type binding string

const (
	// netloom's 'prefix' binding is one transaction of any size, which the library cannot send: a route and two map
	// elements take its place.
	bindingPrefix  binding = "prefix"
	bindingRoute   binding = "route"
	bindingAddress binding = "address"
)

func floating(i int) net.IP { return number(198<<24 | 18<<16 | 256 + i) }
func fixed(i int) net.IP    { return number(10<<24 | 256 + i) }

func number(value int) net.IP {
	return net.IPv4(byte(value>>24), byte(value>>16), byte(value>>8), byte(value)).To4()
}

// A gateway port and its maps.
type gateway struct {
	*sandbox
	binding
	dnat *nftables.Set
	snat *nftables.Set
}

func newGateway(box *sandbox, kind binding, size int) (*gateway, error) {
	definition := fmt.Sprintf("{ type ipv4_addr : ipv4_addr; size %d; }", capacityFor(size))
	add := "add map ip netloom "
	err := nft("add table ip netloom", add+"fip_dnat "+definition, add+"fip_snat "+definition)
	if err != nil {
		return nil, err
	}
	table := &nftables.Table{Name: "netloom", Family: nftables.TableFamilyIPv4}
	set := func(name string) *nftables.Set {
		address := nftables.TypeIPAddr
		return &nftables.Set{Table: table, Name: name, IsMap: true, KeyType: address, DataType: address}
	}
	return &gateway{sandbox: box, binding: kind, dnat: set("fip_dnat"), snat: set("fip_snat")}, nil
}

func (g *gateway) associate(first, count int) error {
	for i := first; i < first+count; i++ {
		var err error
		if g.binding == bindingAddress {
			err = g.handle.AddrAdd(g.gateway, hostAddress(floating(i)))
		} else {
			err = g.handle.RouteAdd(localRoute(floating(i), g.gateway.Attrs().Index))
		}
		if err != nil {
			return err
		}
	}
	return g.inFlushes(first, count, g.nft.SetAddElements, true)
}

func (g *gateway) disassociate(first, count int) error {
	if err := g.inFlushes(first, count, g.nft.SetDeleteElements, false); err != nil {
		return err
	}
	for i := first; i < first+count; i++ {
		var err error
		if g.binding == bindingAddress {
			err = g.handle.AddrDel(g.gateway, hostAddress(floating(i)))
		} else {
			err = g.handle.RouteDel(localRoute(floating(i), g.gateway.Attrs().Index))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

type elementsCall func(*nftables.Set, []nftables.SetElement) error

func (g *gateway) inFlushes(first, count int, change elementsCall, values bool) error {
	for start := first; start < first+count; start += elementsPerFlush {
		end := start + elementsPerFlush
		if end > first+count {
			end = first + count
		}
		forward := make([]nftables.SetElement, 0, end-start)
		back := make([]nftables.SetElement, 0, end-start)
		for i := start; i < end; i++ {
			to, from := nftables.SetElement{Key: floating(i)}, nftables.SetElement{Key: fixed(i)}
			if values {
				to.Val, from.Val = from.Key, to.Key
			}
			forward, back = append(forward, to), append(back, from)
		}
		if err := change(g.dnat, forward); err != nil {
			return err
		}
		if err := change(g.snat, back); err != nil {
			return err
		}
		if err := g.nft.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func (g *gateway) verify(should int) error {
	for _, set := range []*nftables.Set{g.dnat, g.snat} {
		elements, err := g.nft.GetSetElements(set)
		if err != nil {
			return err
		}
		if err := expect(set.Name, len(elements), should); err != nil {
			return err
		}
	}
	if g.binding == bindingAddress {
		addresses, err := g.handle.AddrList(g.gateway, netlink.FAMILY_V4)
		if err != nil {
			return err
		}
		return expect("addresses", len(addresses), should+1) // and the gateway's own
	}
	return expectRoutes(g.sandbox, unix.RT_TABLE_LOCAL, should)
}

func hostAddress(ip net.IP) *netlink.Addr {
	return &netlink.Addr{IPNet: &net.IPNet{IP: ip, Mask: net.CIDRMask(32, 32)}}
}

func localRoute(ip net.IP, device int) *netlink.Route {
	return &netlink.Route{
		LinkIndex: device,
		Dst:       &net.IPNet{IP: ip, Mask: net.CIDRMask(32, 32)},
		Type:      unix.RTN_LOCAL,
		Scope:     netlink.SCOPE_HOST,
		Table:     unix.RT_TABLE_LOCAL,
		Protocol:  routeProtocol,
	}
}

func init() {
	for _, kind := range []binding{bindingPrefix, bindingRoute, bindingAddress} {
		kind := kind
		scenarios["fip-associate-"+string(kind)] = func(box *sandbox, size, _ int) (work, error) {
			g, err := newGateway(box, kind, size)
			return work{size, func() error { return g.associate(0, size) }, func() error { return g.verify(size) }}, err
		}
		scenarios["fip-disassociate-"+string(kind)] = func(box *sandbox, size, _ int) (work, error) {
			g, err := newGateway(box, kind, size)
			if err == nil {
				err = g.associate(0, size)
			}
			return work{size, func() error { return g.disassociate(0, size) }, func() error { return g.verify(0) }}, err
		}
		scenarios["fip-churn-"+string(kind)] = func(box *sandbox, size, batch int) (work, error) {
			if batch < 1 || size+churned > mostFloatingIPs {
				return work{}, skip("a churn needs a batch, and addresses to spare")
			}
			g, err := newGateway(box, kind, size+batch)
			if err == nil {
				err = g.associate(0, size)
			}
			rounds := (churned + batch - 1) / batch
			// The oldest go and new ones come, so that there are always as many.
			run := func() error {
				for i := 0; i < rounds*batch; i += batch {
					if err := g.disassociate(i, batch); err != nil {
						return err
					}
					if err := g.associate(size+i, batch); err != nil {
						return err
					}
				}
				return nil
			}
			return work{rounds * batch, run, func() error { return g.verify(size) }}, err
		}
	}
}
