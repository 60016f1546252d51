/** A router's ports: veth pairs, `qr-` and `qg-` inside, `tap` outside on a bridge. */
import { settled } from '../concurrency.js';
import { insteadOf, NetlinkError } from '../errors.js';
import { formatAddress, formatPrefix } from '../ip.js';
import type { Netns } from '../netns/netns.js';
import type { Link } from '../rtnetlink/link.js';
import { isRouterPort } from './names.js';
import type { State } from './state.js';
import { type Change, type Site, type Step, stepOf } from './steps.js';
import { type Port, portsOf, type Wanted } from './wanted.js';

/** The group that a router's ports are in, so that they go together. */
export const portGroup = 78;

export interface PortSteps {
  readonly make: Step | undefined;
  readonly mend: Step | undefined;
  /** The other ends of new ports up. */
  readonly connect: Step | undefined;
  readonly up: Step | undefined;
  readonly announce: Step | undefined;
  /** Last of all: what it does is not taken back. */
  readonly remove: Step | undefined;
}

/** What the host has of a port's other end. */
export async function readTaps(host: Netns, wanted: Wanted): Promise<ReadonlyMap<string, Link>> {
  const found = await Promise.all(
    portsOf(wanted).map(({ tap }) => host.links.get(tap).catch(insteadOf('ENODEV', undefined))),
  );
  return new Map(found.flatMap((link) => (link ? [[link.name, link]] : [])));
}

export function portSteps(wanted: Wanted, state: State): PortSteps {
  const ports = portsOf(wanted);
  // A veth whose other end has gone is gone itself, so both are there or neither.
  const fresh = ports.filter(({ device }) => !state.links.has(device));
  const kept = ports.filter(({ device }) => state.links.has(device));
  const unwanted = [...state.links.values()].filter(
    ({ name }) => isRouterPort(name) && !ports.some(({ device }) => device === name),
  );
  const create = (port: Port): Change => ({
    action: 'create',
    kind: 'port',
    subject: port.device,
    ...(port.bridge === undefined ? {} : { detail: `on ${port.bridge}` }),
  });
  const mends = kept.flatMap((port) => mend(port, state));
  const arpIgnore = (port: Port): 0 | 1 => (wanted.binding !== 'address' && port === wanted.gateway ? 0 : 1);
  const closed = kept.filter(
    (port) =>
      !state.links.get(port.device)?.up || state.sysctls.get(arpIgnoreOf(port.device)) !== String(arpIgnore(port)),
  );
  const opened = [...fresh, ...closed];
  return {
    make: stepOf(fresh.map(create), ({ netns, host, undo }) =>
      settled(fresh.map((port) => plug(port, netns, host, undo))),
    ),
    mend: stepOf(
      mends.map(({ change }) => change),
      (site) => settled(mends.map(({ run }) => run(site))),
    ),
    connect: stepOf([], ({ host }) => connect(host, fresh), fresh.length > 0),
    // Ports that are made here are told of by `make`.
    up: stepOf(
      closed.map((port) => ({
        action: 'update',
        kind: 'port',
        subject: port.device,
        detail: `up, arp_ignore ${arpIgnore(port)}`,
      })),
      async ({ netns, undo }) => {
        // Ports that are made here go again as a whole.
        for (const { device } of closed) {
          const before = state.sysctls.get(arpIgnoreOf(device));
          const up = state.links.get(device)?.up ?? false;
          undo.add(() =>
            netns.links.set(device, { up, ...(before === undefined ? {} : { arpIgnore: Number(before) }) }),
          );
        }
        await settled(opened.map((port) => netns.links.set(port.device, { up: true, arpIgnore: arpIgnore(port) })));
      },
      opened.length > 0,
    ),
    announce: announceStep(ports, state),
    remove: stepOf(
      unwanted.map(({ name }) => ({ action: 'delete', kind: 'port', subject: name })),
      ({ netns }) => netns.links.delete(unwanted.map(({ index }) => index)),
    ),
  };
}

export const arpIgnoreOf = (device: string): string => `net/ipv4/conf/${device}/arp_ignore`;

interface Mend {
  readonly change: Change;
  run(site: Site): Promise<unknown>;
}

/** What of a port that is there differs from what it should be. */
function mend(port: Port, { links, taps }: State): Mend[] {
  const { device, tap, bridge, mac, mtu } = port;
  const inside = links.get(device) as Link;
  const outside = taps.get(tap);
  const mends: Mend[] = [];
  const update = (detail: string, run: Mend['run']): void => {
    mends.push({ change: { action: 'update', kind: 'port', subject: device, detail }, run });
  };
  if (mac !== undefined && mac.toLowerCase() !== inside.mac) {
    const before = inside.mac as string;
    update(`mac ${before} -> ${mac}`, async ({ netns, undo }) => {
      await netns.links.set(device, { mac });
      undo.add(() => netns.links.set(device, { mac: before }));
    });
  }
  if (mtu !== undefined && (mtu !== inside.mtu || (outside && mtu !== outside.mtu))) {
    update(`mtu ${inside.mtu} -> ${mtu}`, async ({ netns, host, undo }) => {
      undo.add(() =>
        settled([
          netns.links.set(device, { mtu: inside.mtu }),
          outside && outside.mtu !== mtu ? host.links.set(tap, { mtu: outside.mtu }) : undefined,
        ]),
      );
      await settled([
        netns.links.set(device, { mtu }),
        outside && outside.mtu !== mtu ? host.links.set(tap, { mtu }) : undefined,
      ]);
    });
  }
  if (outside === undefined) return mends;
  if (bridge !== undefined && outside.master !== bridge) {
    update(`bridge ${outside.master ?? 'none'} -> ${bridge}`, async ({ host, undo }) => {
      await host.links.set(tap, { master: bridge });
      undo.add(() => host.links.set(tap, { master: outside.master ?? null }));
    });
  }
  if (!outside.up) {
    update(`${tap} up`, async ({ host, undo }) => {
      await host.links.set(tap, { up: true });
      undo.add(() => host.links.set(tap, { up: false }));
    });
  }
  return mends;
}

/**
 * Makes a port and its other end; it is not up yet. Every queue of a device is an object in sysfs, and a veth would have one for each
 * processor.
 */
async function plug(
  { device, tap, bridge, mac, mtu }: Port,
  netns: Netns,
  host: Netns,
  undo: Site['undo'],
): Promise<void> {
  const queues = { numTxQueues: 1, numRxQueues: 1, ...(mtu === undefined ? {} : { mtu }) };
  const peer = { name: device, netns, group: portGroup, ...queues, ...(mac === undefined ? {} : { mac }) };
  const master = bridge === undefined ? {} : { master: bridge };
  const make = (): Promise<void> => host.links.add({ kind: 'veth', name: tap, ...master, ...queues, peer });
  await make().catch(async (error: unknown) => {
    if (!(error instanceof NetlinkError) || error.code !== 'EEXIST') throw error;
    // Left by a namespace that was deleted behind our back, whose end the kernel has not come to yet (cleanup_net).
    await host.links.delete(tap);
    await make();
  });
  undo.add(() => host.links.delete(tap));
}

/** Brings new ports' other ends up. */
async function connect(host: Netns, ports: readonly Port[]): Promise<void> {
  const taps = ports.map(({ tap }) => tap);
  await withoutIpv6(host, taps);
  await settled(taps.map((tap) => host.links.set(tap, { up: true })));
}

/**
 * A bridge's port needs no IPv6 address, and each would be one more to look for duplicates of on the whole bridge, and one more to walk by
 * when the next goes up (rt6_sync_up).
 */
export async function withoutIpv6(host: Netns, devices: readonly string[]): Promise<void> {
  const off = devices.map((device): [string, number] => [`net/ipv6/conf/${device}/disable_ipv6`, 1]);
  // A kernel without IPv6 has no such setting.
  await host.sysctl.set(Object.fromEntries(off)).catch(insteadOf('ENOENT', undefined));
}

/** Neighbours may remember an earlier holder of addresses that a port did not have until now, or another MAC address of its own. */
function announceStep(ports: readonly Port[], state: State): Step | undefined {
  const announcements = ports.flatMap((port) => {
    const { device } = port;
    const known = isRenewed(port, state) ? [] : (state.addresses.get(device) ?? []);
    const fresh = port.addresses.filter((address) => !known.some((one) => one.address === formatPrefix(address)));
    return fresh.map(({ bytes }) => ({ dev: device, address: formatAddress(bytes), router: true }));
  });
  return stepOf([], ({ netns }) => netns.announce(announcements, { count: 3 }), announcements.length > 0);
}

/** Whether neighbours have yet to learn a port's MAC address. */
export function isRenewed({ device, mac }: Port, { links }: State): boolean {
  const present = links.get(device);
  return present === undefined || (mac !== undefined && mac.toLowerCase() !== present.mac);
}
