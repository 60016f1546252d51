#!/usr/bin/python3
"""The Python peer: pyroute2 (Debian's python3-pyroute2).

One request after the other on a socket that stays open: its batches (IPBatch) do not look at the kernel's answers. Its
nftables socket does not look at answers either, and has no call for set elements: there are no floating IPs here.
"""

import os
import sys

# This folder comes last: the file has the name of the package that it measures.
sys.path.append(sys.path.pop(0))

from driver import GATEWAY, Skip, expect, fixed, ip_batch, serve, setns  # noqa: E402

try:
    from pyroute2 import IPRoute, netns
except ImportError:
    IPRoute = None

LOOPBACK = 1
PROTOCOL = 78  # netloom's routes, among others'
LOCAL, MAIN = 255, 254
SCOPE_HOST = 254


def route_of(box):
    if IPRoute is None:
        raise Skip('python3-pyroute2 is not installed')
    route = IPRoute()
    box.defer(route.close)
    return route


def count(messages):
    return sum(1 for _ in messages)


def check(size, most):
    if size > most:
        raise Skip(f'more than {most:,} take too long')


def add_routes(box, size, _):
    check(size, 10_000)
    route = route_of(box)
    local = {'table': LOCAL, 'type': 'local', 'scope': SCOPE_HOST, 'proto': PROTOCOL}

    def run():
        for i in range(size):
            route.route('add', dst=f'{fixed(i)}/32', oif=LOOPBACK, **local)

    def verify():
        expect('routes', count(route.route('dump', table=LOCAL, proto=PROTOCOL)), size)

    return size, run, verify


def add_addresses(box, size, _):
    check(size, 10_000)
    route = route_of(box)
    before = count(route.addr('dump', index=LOOPBACK, family=2))

    def run():
        for i in range(size):
            route.addr('add', index=LOOPBACK, address=fixed(i), prefixlen=32)

    def verify():
        expect('addresses', count(route.addr('dump', index=LOOPBACK, family=2)), before + size)

    return size, run, verify


def add_neighbours(box, size, _):
    check(size, 10_000)
    route = route_of(box)
    device = route.link_lookup(ifname=GATEWAY)[0]

    def run():
        for i in range(size):
            route.neigh('add', dst=fixed(i), lladdr=mac(i), ifindex=device, state='permanent')

    def verify():
        expect('neighbours', count(neighbours(route, device)), size)

    return size, run, verify


def mac(i):
    return '02:00:' + ':'.join(f'{byte:02x}' for byte in i.to_bytes(4, 'big'))


def neighbours(route, device):
    return route.neigh('dump', family=2, ifindex=device)


def dump_routes(box, size, _):
    route = route_of(box)
    ip_batch(f'route add {fixed(i)} dev lo proto {PROTOCOL} scope link' for i in range(size))
    found = []

    def run():
        found.extend(route.route('dump', table=MAIN, proto=PROTOCOL))

    return size, run, lambda: expect('routes', len(found), size)


def dump_neighbours(box, size, _):
    route = route_of(box)
    # Permanent ones are exempt from net.ipv4.neigh.default.gc_thresh3 (neigh_alloc), which is the whole machine's.
    ip_batch(f'neighbour add {fixed(i)} lladdr {mac(i)} dev {GATEWAY} nud permanent' for i in range(size))
    device = route.link_lookup(ifname=GATEWAY)[0]
    found = []

    def run():
        found.extend(neighbours(route, device))

    return size, run, lambda: expect('neighbours', len(found), size)


def make_namespaces(box, size, _):
    route = route_of(box)
    names = [f'bench-pyroute2-{os.getpid()}-{i}' for i in range(size)]
    made = []

    def run():
        for i, name in enumerate(names):
            made.append(name)
            netns.create(name)
            route.link('add', kind='veth', ifname=f'tap{i}', peer={'ifname': 'eth0', 'net_ns_fd': name})

    def remove():
        setns(box.inside)
        for name in made:
            netns.remove(name)

    box.defer(remove)
    # And lo, and the gateway port.
    return size, run, lambda: expect('devices', count(route.get_links()), size + 2)


if __name__ == '__main__':
    serve(
        {
            'route-add': add_routes,
            'route-add-sequential': add_routes,
            'route-add-concurrent': add_routes,
            'address-add': add_addresses,
            'neighbour-add': add_neighbours,
            'dump-routes': dump_routes,
            'dump-neighbours': dump_neighbours,
            'netns-veth': make_namespaces,
        }
    )
