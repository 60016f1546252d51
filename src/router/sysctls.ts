/** Settings of a router's namespace and of its ports. */
import type { SysctlValues } from '../netns/sysctl.js';
import { arpIgnoreOf } from './ports.js';
import type { State } from './state.js';
import { type Step, stepOf } from './steps.js';
import { type Gateway, portsOf, type Wanted } from './wanted.js';

/** Of the namespace as a whole. Its devices take `default` as they are made. */
export function namespaceSysctls({ binding }: Wanted): Readonly<Record<string, number>> {
  return {
    'net/ipv4/ip_forward': 1,
    'net/ipv6/conf/all/forwarding': 1,
    // The controller owns the addresses: to look for duplicates would only delay the first packet, and ask every port of a bridge.
    'net/ipv6/conf/default/accept_dad': 0,
    'net/ipv4/conf/all/arp_announce': 2,
    // The kernel takes the larger of `all` and the device's own.
    'net/ipv4/conf/all/arp_ignore': binding === 'address' ? 1 : 0,
    'net/ipv4/conf/default/arp_ignore': 1,
    // An address that is replaced by another of its subnet would take that one with it (inet_del_ifa).
    'net/ipv4/conf/all/promote_secondaries': 1,
    'net/netfilter/nf_conntrack_tcp_be_liberal': 1,
  };
}

/** Whether it answers for others is looked at, but not set where it need not be: a new device does not. */
function gatewaySysctls({ gateway, ndpProxies }: Wanted, present?: State['sysctls']): Readonly<Record<string, number>> {
  if (!gateway) return {};
  const proxying = `net/ipv6/conf/${gateway.device}/proxy_ndp`;
  const answers = ndpProxies !== undefined;
  return {
    [`net/ipv6/conf/${gateway.device}/accept_ra`]: acceptRa(gateway),
    ...(answers || !present || present.has(proxying) ? { [proxying]: answers ? 1 : 0 } : {}),
  };
}

/** Router advertisements give the default route where the spec names none. */
function acceptRa({ nexthops }: Gateway): 0 | 2 {
  return nexthops.some((nexthop) => nexthop.includes(':')) ? 0 : 2;
}

/** Those whose present values tell whether something is to be done, of the devices that are there. */
export function sysctlNames(wanted: Wanted, present: (device: string) => boolean): string[] {
  const ports = portsOf(wanted).filter(({ device }) => present(device));
  const { gateway } = wanted;
  return [
    ...Object.keys(namespaceSysctls(wanted)),
    ...(gateway && present(gateway.device) ? Object.keys(gatewaySysctls(wanted)) : []),
    ...ports.map(({ device }) => arpIgnoreOf(device)),
  ];
}

/** A namespace that is made gets its own settings as it is made. */
export function sysctlStep(wanted: Wanted, { exists, sysctls }: State): Step | undefined {
  const values = { ...(exists ? namespaceSysctls(wanted) : {}), ...gatewaySysctls(wanted, sysctls) };
  const changed = Object.entries(values).filter(([name, value]) => sysctls.get(name) !== String(value));
  const changes = changed.map(([name, value]) => {
    const before = sysctls.get(name);
    const subject = `${name} = ${value}`;
    return before === undefined
      ? ({ action: 'create', kind: 'sysctl', subject } as const)
      : ({ action: 'update', kind: 'sysctl', subject, detail: `was ${before}` } as const);
  });
  const old: SysctlValues = Object.fromEntries(
    changed.flatMap(([name]) => {
      const before = sysctls.get(name);
      return before === undefined ? [] : [[name, before]];
    }),
  );
  return stepOf(changes, async ({ netns, undo }) => {
    await netns.sysctl.set(Object.fromEntries(changed));
    undo.add(() => netns.sysctl.set(old));
  });
}
