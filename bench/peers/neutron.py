#!/usr/bin/python3
"""OpenStack's own: the floating IPs of Neutron's L3 agent (Debian's python3-neutron, and conntrack).

A LegacyRouter is driven as RouterInfo.process_external drives it: iptables first, then addresses; by the agent's own
privsep daemons. Gratuitous ARP is left out, as it is for the others.
"""

import os
import shutil
import subprocess
import sys
import uuid

# This folder comes last: the file has the name of the package that it measures.
sys.path.append(sys.path.pop(0))

from driver import GATEWAY, Skip, expect, fixed, floating, ip, serve  # noqa: E402

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
        run = ['ip', 'netns', 'exec', self.info.ns_name]
        addresses = subprocess.check_output([*run, 'ip', '-o', '-4', 'address', 'show', 'dev', self.device], text=True)
        expect('addresses', len(addresses.splitlines()), should + 1)  # and the gateway's own
        rules = subprocess.check_output([*run, 'iptables-save', '-t', 'nat'], text=True)
        expect('rules', sum(' --to-' in rule for rule in rules.splitlines()), 3 * should)


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
    scenarios = {'fip-associate-address': associate, 'fip-disassociate-address': disassociate}
    if legacy_router is None or shutil.which('conntrack') is None:
        scenarios = dict.fromkeys(scenarios, not_installed)
    else:
        configure()
    try:
        serve(scenarios)
    finally:
        shutil.rmtree(STATE, ignore_errors=True)
