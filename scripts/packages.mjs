// Debian packages: which command needs which, how to see that one is there without asking dpkg, how to get it.
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { quietly, Stop, say, warn } from './say.mjs';

const path = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/bin', '/bin'];

/** The full path of a program, looked for where root's PATH would look too. */
export function which(program) {
  for (const folder of path) {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return join(folder, program);
    } catch {}
  }
  return undefined;
}

const entries = (folder) => (existsSync(folder) ? readdirSync(folder) : []);

function hasLibFuzzer() {
  const versions = entries('/usr/lib').filter((name) => name.startsWith('llvm-'));
  const runtimes = versions.flatMap((llvm) => {
    const folder = join('/usr/lib', llvm, 'lib/clang');
    return entries(folder).flatMap((version) => entries(join(folder, version, 'lib/linux')));
  });
  return runtimes.some((name) => name.startsWith('libclang_rt.fuzzer-'));
}

const packages = {
  'g++': () => which('g++'),
  make: () => which('make'),
  python3: () => which('python3'),
  'pkg-config': () => which('pkg-config'),
  'libnl-3-dev': () => existsSync('/usr/include/libnl3/netlink/netlink.h'),
  iproute2: () => which('ip'),
  nftables: () => which('nft'),
  iptables: () => which('iptables'),
  conntrack: () => which('conntrack'),
  'iputils-ping': () => which('ping'),
  'iputils-arping': () => which('arping'),
  tcpdump: () => which('tcpdump'),
  ethtool: () => which('ethtool'),
  curl: () => which('curl'),
  strace: () => which('strace'),
  'openvswitch-switch': () => which('ovs-vswitchd') && which('ovsdb-server') && which('ovs-vsctl'),
  'dnsmasq-base': () => which('dnsmasq'),
  udhcpc: () => which('udhcpc'),
  'isc-dhcp-client': () => which('dhclient'),
  busybox: () => which('busybox'),
  radvd: () => which('radvd'),
  'util-linux': () => which('unshare') && which('setpriv'),
  cmake: () => which('cmake'),
  'doctest-dev': () => existsSync('/usr/include/doctest/doctest.h'),
  clang: () => which('clang++'),
  'libclang-rt-dev': hasLibFuzzer,
  graphviz: () => which('dot'),
  'clang-format': () => which('clang-format'),
  'golang-go': () => which('go'),
  'golang-github-vishvananda-netlink-dev': () => existsSync('/usr/share/gocode/src/github.com/vishvananda/netlink'),
  'golang-github-google-nftables-dev': () => existsSync('/usr/share/gocode/src/github.com/google/nftables'),
  'python3-pyroute2': () => existsSync('/usr/lib/python3/dist-packages/pyroute2'),
};

const build = ['g++', 'make', 'python3', 'pkg-config', 'libnl-3-dev'];
const oracles = [
  'iproute2',
  'nftables',
  'iptables',
  'conntrack',
  'iputils-ping',
  'iputils-arping',
  'tcpdump',
  'ethtool',
  'curl',
  'strace',
  'util-linux',
  'dnsmasq-base',
  'udhcpc',
  'isc-dhcp-client',
  'busybox',
  'radvd',
];

const contenders = [
  'iproute2',
  'nftables',
  'iptables',
  'golang-go',
  'golang-github-vishvananda-netlink-dev',
  'golang-github-google-nftables-dev',
  'python3-pyroute2',
];

/** `needed` stops the command when it cannot be had; `wanted` is installed where that is possible, and else done without. */
export const purposes = {
  demo: { needed: [...build, 'util-linux'], wanted: ['iproute2', 'nftables'] },
  bench: { needed: [...build, 'util-linux'], wanted: contenders },
  test: { needed: [...build, ...oracles], wanted: ['cmake', 'doctest-dev', 'graphviz', 'openvswitch-switch'] },
  conformance: { needed: [...build, 'nftables', 'util-linux'], wanted: [] },
  lint: { needed: ['clang-format'], wanted: [] },
  cmake: { needed: [...build, 'cmake', 'doctest-dev'], wanted: [] },
  fuzz: { needed: [...build, 'cmake', 'clang', 'libclang-rt-dev'], wanted: [] },
};

export function missing(names) {
  return names.filter((name) => !packages[name]());
}

/** Root of the machine, not of a user namespace: the only one apt-get works for. */
function isRoot() {
  if (process.getuid() !== 0) return false;
  const [inside, outside] = readFileSync('/proc/self/uid_map', 'utf8').trim().split(/\s+/);
  return inside === '0' && outside === '0';
}

export async function installPackages({ needed, wanted }) {
  const required = missing(needed);
  const optional = missing(wanted);
  const all = [...required, ...optional];
  if (all.length === 0) return;

  const install = `apt-get install -y --no-install-recommends ${all.join(' ')}`;
  if (!isRoot() || !which('apt-get')) {
    const line = which('apt-get')
      ? `sudo sh -c 'apt-get update && ${install}'`
      : `install what Debian calls ${all.join(' ')}`;
    if (required.length > 0) throw new Stop(`system packages are missing; run this, then try again:\n\n  ${line}\n`);
    warn(`without ${optional.join(', ')} some parts are left out. To have them: ${line}`);
    return;
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    await quietly('apt-get update', 'apt-get', ['update'], { env });
  } catch (error) {
    // One unreachable source among several must not stop what the others can give.
    say(error.message.split('\n')[0]);
  }
  const flags = ['install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300'];
  if (required.length > 0)
    await quietly(`installing ${required.join(' ')}`, 'apt-get', [...flags, ...required], { env });
  const absent = missing(required);
  if (absent.length > 0) throw new Stop(`apt-get installed ${absent.join(', ')}, but what they bring is not there`);
  if (optional.length > 0) {
    try {
      await quietly(`installing ${optional.join(' ')}`, 'apt-get', [...flags, ...optional], { env });
    } catch (error) {
      warn(`${error.message}\nGoing on without.`);
    }
  }
}
