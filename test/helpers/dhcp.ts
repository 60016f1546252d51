/** A node with a bridge, hosts on it, and what DHCP clients say. They run with scripts of their own, and change nothing of the machine. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Dhcp, type Netns, type NetworkSpec, Services } from '../../src/index.js';
import { cleanUp, type NamedNetns, namespace, uniqueName } from './namespaces.js';
import { stateDirectory } from './state.js';

export interface DhcpNode {
  readonly host: NamedNetns;
  readonly base: string;
  readonly services: Services;
  readonly id: string;
  /** Of the network. */
  readonly namespace: string;
  readonly options: { readonly host: Netns; readonly services: Services };
  /** A namespace with eth0 on the bridge. */
  vm(mac: string): Promise<NamedNetns>;
  /** `Dhcp.apply`; the handle is closed with the test. */
  apply(spec: NetworkSpec): Promise<Dhcp>;
}

export async function dhcpNode(): Promise<DhcpNode> {
  const [host, base, id] = [await namespace(), await stateDirectory(), uniqueName()];
  await host.links.add({ kind: 'bridge', name: 'br-int', up: true });
  const services = new Services({ base, interval: 20, grace: 2000 });
  const options = { host, services };
  cleanUp(() => Dhcp.delete(id, options));
  let count = 0;
  return {
    host,
    base,
    services,
    id,
    namespace: `qdhcp-${id}`,
    options,
    vm: async (mac) => {
      const vm = await namespace();
      await vm.sysctl.set({ 'net.ipv6.conf.default.accept_dad': 0 });
      const peer = { name: 'eth0', netns: vm, mac, up: true };
      await host.links.add({ kind: 'veth', name: `vm${count++}`, master: 'br-int', up: true, peer });
      return vm;
    },
    apply: async (spec) => {
      const dhcp = await Dhcp.apply(spec, options);
      if (!dhcp) throw new Error('there is none');
      cleanUp(() => dhcp.close());
      return dhcp;
    },
  };
}

/** What a program prints, whatever it ends with; other things go on meanwhile. */
export async function output(netns: NamedNetns, ...command: string[]): Promise<string> {
  const { LD_PRELOAD: _, ...env } = process.env;
  const [file, ...args] = ['nsenter', `--net=/run/netns/${netns.name}`, '--', ...command] as [string, ...string[]];
  return promisify(execFile)(file, args, { env }).then(
    ({ stdout }) => stdout,
    ({ stdout, stderr }: { stdout: string; stderr: string }) => `${stdout}${stderr}`,
  );
}

/** What the client's script is told, of what tests look at; undefined when there is no lease. */
export type Told = Readonly<Record<string, string>> | undefined;

/** udhcpc asks four times, a second each: the kernel reports a new link's carrier up to a second late, and a bridge forwards nothing before. */
export async function udhcpc(vm: NamedNetns, ...options: string[]): Promise<Told> {
  const names = [
    'ip',
    'mask',
    'router',
    'dns',
    'domain',
    'hostname',
    'mtu',
    'staticroutes',
    'lease',
    'serverid',
    'tftp',
  ];
  const asked = ['121', 'mtu', 'domain', 'tftp'].flatMap((name) => ['-O', name]);
  return told(names, 'bound', (script) =>
    output(vm, 'udhcpc', '-i', 'eth0', '-n', '-q', '-f', '-t', '4', '-T', '1', '-s', script, ...asked, ...options),
  );
}

export function dhclient(vm: NamedNetns, ...options: string[]): Promise<Told> {
  const names = ['new_ip_address', 'new_subnet_mask', 'new_routers', 'new_ip6_address', 'new_dhcp6_name_servers'];
  names.push('new_dhcp6_domain_search', 'new_dhcp6_info_refresh_time', 'new_dhcp6_bootfile_url');
  return told(names, 'BOUND|BOUND6|RENEW6', async (script) => {
    const files = ['-lf', `${script}.leases`, '-pf', `${script}.pid`, '-cf', `${script}.conf`];
    await writeFile(`${script}.conf`, 'also request dhcp6.bootfile-url;\n');
    const pidFile = `${script}.pid`;
    let isBound = false;
    try {
      await output(vm, 'timeout', '8', 'dhclient', '-1', '-sf', script, ...files, ...options, 'eth0');
      isBound = true;
    } finally {
      // What stays in the background writes it when its parent has gone.
      for (let i = 0; isBound && i < 50 && !existsSync(pidFile); i++) await setTimeout(20);
      const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : 0;
      await Promise.all(['leases', 'pid'].map((name) => rm(`${script}.${name}`, { force: true })));
      if (pid > 0) kill(pid);
    }
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid);
  } catch {
    // It has ended by itself.
  }
}

/** Both clients call a script with a reason and with what they were told in the environment. */
async function told(
  names: readonly string[],
  reason: string,
  run: (script: string) => Promise<unknown>,
): Promise<Told> {
  const script = join(await stateDirectory(), 'script');
  const event = reason.includes('|') ? '$reason' : '$1';
  await writeFile(script, `#!/bin/sh\ncase "${event}" in ${reason}) env > ${script}.env;; esac\n`);
  await chmod(script, 0o755);
  await run(script);
  if (!existsSync(`${script}.env`)) return undefined;
  const lines = readFileSync(`${script}.env`, 'utf8').split('\n');
  const entries = lines.map((line): [string, string] => [
    line.slice(0, line.indexOf('=')),
    line.slice(line.indexOf('=') + 1),
  ]);
  return Object.fromEntries(entries.filter(([name]) => names.includes(name)));
}

/** Addresses or texts that a name server answers with, by busybox's nslookup. */
export async function lookup(vm: NamedNetns, type: string, name: string, server: string): Promise<string[]> {
  const text = await output(vm, 'busybox', 'nslookup', `-type=${type}`, name, server);
  const answer = text.slice(text.indexOf('\n\n') + 2);
  return [...answer.matchAll(/^(?:Address: |.*text = |.*name = )(.*)$/gm)].map(([, value]) =>
    (value as string).replaceAll('"', ''),
  );
}
