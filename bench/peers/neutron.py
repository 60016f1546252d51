#!/usr/bin/python3
"""OpenStack's own: the floating IPs of Neutron's L3 agent (Debian's python3-neutron, and conntrack).

Floating IPs alone: a LegacyRouter is driven as RouterInfo.process_external drives it: iptables first, then addresses; by the
agent's own privsep daemons. Whole routers: LegacyRouter.initialize and process, with the agent's driver for Linux bridges,
whose ports another agent would plug into their bridges. Gratuitous ARP is left out, as it is for the others.
"""

import copy
import os
import shutil
import subprocess
import sys
import uuid

# This folder comes last: the file has the name of the package that it measures.
sys.path.append(sys.path.pop(0))

from driver import GATEWAY, Skip, expect, fixed, floating, gateway, ip, own_netns, serve  # noqa: E402

try:
    import neutron.cmd.eventlet  # noqa: F401  as the agent is started: it makes the standard library green
    from neutron.agent import l3_agent
    from neutron.agent.l3 import legacy_router
    from neutron.agent.linux import interface, ip_lib
    from neutron.common import config as common_config
    from neutron.conf.agent import common as agent_config
    from oslo_config import cfg
except ImportError:
    legacy_router = None

MOST = 100
FLOATING_IPS = 50
OTHER_FIXED = 1000
STATE = f'/tmp/bench-neutron-{os.getpid()}'


def configure():
    """As neutron.agent.l3_agent.main does, but for what talks to the rest of OpenStack; root needs no sudo."""
    l3_agent.register_opts(cfg.CONF)
    common_config.init(['--config-file', os.devnull])
    agent_config.setup_privsep()
    cfg.CONF.set_override('state_path', STATE)
    cfg.CONF.set_override('lock_path', STATE, group='oslo_concurrency')
    cfg.CONF.set_override('interface_driver', 'openvswitch')
    for section in ['privsep', 'privsep_conntrack', 'privsep_link', 'privsep_namespace']:
        cfg.CONF.set_override('helper_command', f'privsep-helper --config-file {os.devnull}', group=section)
    ip_lib.send_ip_addr_adv_notif = lambda *_arguments, **_options: None


class Router:
    """A router with a gateway port in a namespace of Neutron's, and the agent's object for it."""

    def __init__(self, box):
        router_id = str(uuid.uuid4())
        gateway = {
            'id': str(uuid.uuid4()),
            'fixed_ips': [{'ip_address': '198.19.255.1', 'prefixlen': 15, 'subnet_id': str(uuid.uuid4())}],
        }
        self._router = {'id': router_id, 'enable_snat': True, 'gw_port': gateway, '_floatingips': []}
        self.info = legacy_router.LegacyRouter(
            None, router_id, self._router, cfg.CONF, interface.NullDriver(cfg.CONF), use_ipv6=False
        )
        self.device = self.info.get_external_device_interface_name(gateway)
        self._enter_namespace(box)
        self.process()

    def _enter_namespace(self, box):
        """The sandbox's gateway port becomes the router's."""
        name = self.info.ns_name
        ip('netns', 'add', name)
        box.defer(lambda: ip('netns', 'delete', name))
        ip('link', 'set', GATEWAY, 'netns', name, 'name', self.device)
        ip('-n', name, 'link', 'set', 'lo', 'up')
        ip('-n', name, 'link', 'set', self.device, 'up')
        ip('-n', name, 'address', 'add', '198.19.255.1/15', 'dev', self.device)

    def set(self, numbers):
        self._router['_floatingips'] = [
            {
                'id': str(uuid.uuid4()),
                'floating_ip_address': floating(i),
                'fixed_ip_address': fixed(i),
                'status': 'DOWN',
            }
            for i in numbers
        ]

    def process(self):
        with self.info.iptables_manager.defer_apply():
            self.info.process_snat_dnat_for_fip()
        self.info.configure_fip_addresses(self.device)

    def verify(self, should):
        look_at(self.info.ns_name, self.device, should, 3 * should)


def look_at(namespace, device, floating_ips, rules):
    """Addresses of the floating IPs and the gateway's own, and rules that translate."""
    run = ['ip', 'netns', 'exec', namespace]
    addresses = subprocess.check_output([*run, 'ip', '-o', '-4', 'address', 'show', 'dev', device], text=True)
    expect('addresses', len(addresses.splitlines()), floating_ips + 1)
    saved = subprocess.check_output([*run, 'iptables-save', '-t', 'nat'], text=True)
    expect('rules', sum(' --to-' in rule for rule in saved.splitlines()), rules)


class Agent:
    """What a router asks of the agent that it belongs to, and of the rest of OpenStack: nothing here."""

    context = None

    def __getattr__(self, _name):
        return Agent()

    def __call__(self, *_arguments, **_options):
        return []


class WholeRouter:
    """A router of a node: namespace, gateway and tenant's port, floating IPs; all by the agent's own code."""

    def __init__(self, number):
        self.id = str(uuid.uuid4())
        self.description = {
            'id': self.id,
            'enable_snat': True,
            'routes': [],
            'gw_port': _port(f'{gateway(number)}', '198.18.0.0/15', '198.19.255.254'),
            '_interfaces': [_port('10.0.0.1', '10.0.0.0/16', '10.0.0.1')],
            '_floatingips': [
                {
                    'id': str(uuid.uuid4()),
                    'floating_ip_address': floating(number * FLOATING_IPS + k),
                    'fixed_ip_address': fixed(k),
                    'fixed_ip_address_scope': None,
                    'status': 'DOWN',
                }
                for k in range(FLOATING_IPS)
            ],
        }
        self.start()

    def start(self):
        """The agent's object for it; a new one knows nothing of what is there, as after a restart of the agent."""
        driver = interface.BridgeInterfaceDriver(cfg.CONF)
        self.info = legacy_router.LegacyRouter(Agent(), self.id, self.description, cfg.CONF, driver, use_ipv6=False)

    def make(self):
        self.info.initialize(Agent())
        self.info.process()

    def move(self, which):
        self._update(lambda new: new['_floatingips'][which].update(fixed_ip_address=fixed(OTHER_FIXED + which)))

    def set_mtu(self, mtu):
        self._update(lambda new: new['_interfaces'][0].update(mtu=mtu))

    def _update(self, change):
        """By a new description, as the server sends it: the agent compares it with the old one."""
        self.description = copy.deepcopy(self.description)
        change(self.description)
        self.info.router = self.description

    def verify(self):
        device = self.info.get_external_device_interface_name(self.description['gw_port'])
        # Two more for what leaves by the gateway's address.
        look_at(self.info.ns_name, device, FLOATING_IPS, 3 * FLOATING_IPS + 2)


def _port(address, cidr, gateway_ip):
    subnet = str(uuid.uuid4())
    port = str(uuid.uuid4())
    return {
        'id': port,
        'network_id': str(uuid.uuid4()),
        'mac_address': 'fa:16:3e:' + ':'.join(port[at : at + 2] for at in (0, 2, 4)),
        'mtu': 1500,
        'admin_state_up': True,
        'fixed_ips': [{'ip_address': address, 'prefixlen': int(cidr.split('/')[1]), 'subnet_id': subnet}],
        'subnets': [{'id': subnet, 'cidr': cidr, 'gateway_ip': gateway_ip, 'ipv6_ra_mode': None}],
        'extra_subnets': [],
        'address_scopes': {},
    }


def routers_of(box, size):
    if size > MOST:
        raise Skip(f'Neutron is measured with at most {MOST} routers')
    box.leave()
    routers = [WholeRouter(number) for number in range(size)]
    for router in routers:
        box.defer(lambda name=router.info.ns_name: subprocess.run(['ip', 'netns', 'delete', name], check=False))
    return routers


def verify_all(routers):
    for router in routers:
        router.verify()


def node_apply(box, size, _):
    routers = routers_of(box, size)

    def run():
        for router in routers:
            router.make()

    return size, run, lambda: verify_all(routers)


def node_change(box, size, _):
    """As the agent goes on: it processes the routers that it is told of."""
    routers = routers_of(box, size)
    changed = []
    for number, router in enumerate(routers):
        router.make()
        if number % 2 == 1:
            router.move(number % FLOATING_IPS)
        elif number <= 2:
            router.set_mtu(1450)
        else:
            continue
        changed.append(router)

    def run():
        for router in changed:
            router.info.process()

    return size, run, lambda: verify_all(routers)


def node_unchanged(box, size, _):
    """As after a restart, which is when the agent looks at what there is."""
    routers = routers_of(box, size)
    for router in routers:
        router.make()
        router.start()

    def run():
        for router in routers:
            router.make()

    return size, run, lambda: verify_all(routers)


def router_of(box, size):
    if size > MOST:
        raise Skip(f'Neutron is measured with at most {MOST} floating IPs')
    return Router(box)


def associate(box, size, _):
    router = router_of(box, size)
    router.set(range(size))
    return size, router.process, lambda: router.verify(size)


def disassociate(box, size, _):
    router = router_of(box, size)
    router.set(range(size))
    router.process()
    router.set([])
    return size, router.process, lambda: router.verify(0)


def not_installed(*_):
    raise Skip('python3-neutron is not installed')


if __name__ == '__main__':
    scenarios = {
        'fip-associate-address': associate,
        'fip-disassociate-address': disassociate,
        'node-apply': node_apply,
        'node-change': node_change,
        'node-unchanged': node_unchanged,
    }
    if legacy_router is None or shutil.which('conntrack') is None:
        scenarios = dict.fromkeys(scenarios, not_installed)
    else:
        configure()
        # Where the agent's daemons, which it starts as it needs them, make the other ends of ports.
        own_netns()
        ip_lib.list_network_namespaces()
        ip_lib.IPWrapper().get_devices()
    try:
        serve(scenarios)
    finally:
        shutil.rmtree(STATE, ignore_errors=True)
