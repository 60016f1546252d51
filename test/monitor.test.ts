/** What changes in the kernel's tables, made by ip(8) and heard by `ns.monitor`. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { EventStream, MonitorGroup, NetlinkEvent } from '../src/index.js';
import { firstOf, listening, until } from './helpers/events.js';
import { ip, ipJson, type NamedNetns, namespace, namespaceWithVeth } from './helpers/namespaces.js';

const isNew = (event: NetlinkEvent): boolean => 'action' in event && event.action === 'new';
const isDelete = (event: NetlinkEvent): boolean => 'action' in event && event.action === 'delete';

/** Blackhole routes to 10.0.0.0 and on, by `ip -batch`. */
const routes = (count: number): string =>
  Array.from({ length: count }, (_, i) => `route add blackhole ${hostAddress(i)}\n`).join('');
const hostAddress = (i: number): string => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;

const destination = (event: NetlinkEvent): string => (event.group === 'route' ? event.route.dst : event.group);

const { LD_PRELOAD: _, ...environment } = process.env;

/** Makes them while this process does nothing else. */
function addRoutes(netns: NamedNetns, count: number): void {
  execFileSync('ip', ['-n', netns.name, '-batch', '-'], { input: routes(count), env: environment });
}

/** Makes them while the event loop goes on. */
async function addRoutesBeside(netns: NamedNetns, count: number): Promise<void> {
  const child = spawn('ip', ['-n', netns.name, '-batch', '-'], {
    stdio: ['pipe', 'ignore', 'inherit'],
    env: environment,
  });
  child.stdin?.end(routes(count));
  expect(await once(child, 'close')).toEqual([0, null]);
}

describe('each group', () => {
  interface Story {
    readonly group: MonitorGroup;
    /** `ip` commands: what must be there, what is made, what removes it. */
    readonly arrange?: readonly string[];
    readonly make: string;
    readonly remove: string;
    /** Which of the listed objects it is. */
    readonly is: (object: Record<string, unknown>) => boolean;
  }
  const up = 'address add 192.0.2.1/24 dev veth0';
  const stories: Record<string, Story> = {
    'a bridge': {
      group: 'link',
      make: 'link add br7 type bridge forward_delay 400',
      remove: 'link delete br7',
      is: ({ name }) => name === 'br7',
    },
    'an IPv4 address': {
      group: 'address',
      make: 'address add 192.0.2.7/24 brd + dev veth0 label veth0:x',
      remove: 'address delete 192.0.2.7/24 dev veth0',
      is: ({ local }) => local === '192.0.2.7',
    },
    'an IPv6 address': {
      group: 'address',
      make: 'address add 2001:db8::7/64 dev veth0 nodad',
      remove: 'address delete 2001:db8::7/64 dev veth0',
      is: ({ local }) => local === '2001:db8::7',
    },
    'an IPv4 route': {
      group: 'route',
      arrange: [up],
      make: 'route add 198.51.100.0/24 via 192.0.2.9 metric 7 mtu 1400 proto static',
      remove: 'route delete 198.51.100.0/24',
      is: ({ dst }) => dst === '198.51.100.0/24',
    },
    'a route of two ways': {
      group: 'route',
      arrange: [up],
      make: 'route add 198.51.100.0/24 nexthop via 192.0.2.9 weight 3 nexthop dev veth1',
      remove: 'route delete 198.51.100.0/24',
      is: ({ dst }) => dst === '198.51.100.0/24',
    },
    'an IPv6 route': {
      group: 'route',
      make: 'route add 2001:db8:7::/48 dev veth0 metric 9',
      remove: 'route delete 2001:db8:7::/48 dev veth0 metric 9',
      is: ({ dst }) => dst === '2001:db8:7::/48',
    },
    'a rule': {
      group: 'rule',
      make: 'rule add priority 77 from 10.0.0.0/8 iif veth0 table 100',
      remove: 'rule delete priority 77',
      is: ({ priority }) => priority === 77,
    },
    'an IPv6 rule': {
      group: 'rule',
      make: '-6 rule add priority 78 to 2001:db8::/32 unreachable',
      remove: '-6 rule delete priority 78',
      is: ({ priority }) => priority === 78,
    },
    'a neighbour': {
      group: 'neighbour',
      make: 'neighbour add 192.0.2.8 lladdr 02:00:00:00:00:08 dev veth0',
      remove: 'neighbour delete 192.0.2.8 dev veth0',
      is: ({ dst }) => dst === '192.0.2.8',
    },
    'an IPv6 neighbour': {
      group: 'neighbour',
      make: 'neighbour add 2001:db8::8 lladdr 02:00:00:00:00:08 dev veth0 router',
      remove: 'neighbour delete 2001:db8::8 dev veth0',
      is: ({ dst }) => dst === '2001:db8::8',
    },
    'a nexthop': {
      group: 'nexthop',
      arrange: [up],
      make: 'nexthop add id 7 via 192.0.2.9 dev veth0',
      remove: 'nexthop delete id 7',
      is: ({ id }) => id === 7,
    },
  };
  const tables = {
    link: 'links',
    address: 'addresses',
    route: 'routes',
    rule: 'rules',
    neighbour: 'neighbours',
    nexthop: 'nexthops',
  } as const;
  const objectOf = (event: NetlinkEvent): Record<string, unknown> =>
    (event as unknown as Record<string, Record<string, unknown>>)[event.group] as Record<string, unknown>;

  test.each(Object.entries(stories))('%s comes and goes as its table lists it', async (_, story) => {
    const { group, arrange = [], make, remove, is } = story;
    const netns = await namespaceWithVeth();
    for (const command of arrange) ip(netns.name, ...command.split(' '));
    const monitor = await listening(netns.monitor([group]));

    ip(netns.name, ...make.split(' '));
    const made = await until(monitor, (event) => isNew(event) && is(objectOf(event)));
    const listed = (await netns[tables[group]].list()) as unknown as Record<string, unknown>[];
    expect(objectOf(made.at(-1) as NetlinkEvent)).toEqual(listed.find(is));

    ip(netns.name, ...remove.split(' '));
    const removed = await until(monitor, (event) => isDelete(event) && is(objectOf(event)));
    for (const event of [...made, ...removed]) expect(event.group).toBe(group);
    expect(((await netns[tables[group]].list()) as unknown as Record<string, unknown>[]).some(is)).toBe(false);
  });

  test('all of them unless some are named', async () => {
    const netns = await namespaceWithVeth();
    const monitor = await listening(netns.monitor());
    const wanted = new Set(Object.keys(tables));
    const heard = until(monitor, (event) => wanted.delete(event.group) && wanted.size === 0);
    for (const { arrange = [], make } of Object.values(stories).filter(({ group, arrange }) => {
      return group !== 'route' && (group !== 'address' || arrange === undefined);
    })) {
      for (const command of [...arrange, make]) ip(netns.name, ...command.split(' '));
    }
    await heard;
  });
});

describe('devices', () => {
  test('are called what they are called when it happens, though nobody asked for them', async () => {
    const netns = await namespaceWithVeth();
    const monitor = await listening(netns.monitor(['address', 'route']));
    ip(netns.name, 'link', 'add', 'early0', 'type', 'bridge');
    ip(netns.name, 'address', 'add', '192.0.2.1/24', 'dev', 'early0');
    ip(netns.name, 'link', 'set', 'early0', 'name', 'late0');
    ip(netns.name, 'address', 'add', '192.0.2.2/32', 'dev', 'late0');
    ip(netns.name, 'link', 'delete', 'late0');
    ip(netns.name, 'route', 'add', 'blackhole', '198.51.100.1');
    const events = await until(monitor, (event) => destination(event) === '198.51.100.1');
    const addresses = events.flatMap((event) =>
      event.group === 'address' ? [[event.action, event.address.local, event.address.dev]] : [],
    );
    expect(addresses).toEqual([
      ['new', '192.0.2.1', 'early0'],
      // A new name is a new label.
      ['new', '192.0.2.1', 'late0'],
      ['new', '192.0.2.2', 'late0'],
      ['delete', '192.0.2.1', 'late0'],
      ['delete', '192.0.2.2', 'late0'],
    ]);
    expect(events.map(({ group }) => group)).not.toContain('link');
  });

  test('that leave their bridge have not gone', async () => {
    const netns = await namespaceWithVeth();
    ip(netns.name, 'link', 'add', 'br0', 'type', 'bridge');
    ip(netns.name, 'link', 'set', 'veth0', 'master', 'br0');
    const monitor = await listening(netns.monitor(['link']));
    ip(netns.name, 'link', 'set', 'veth0', 'nomaster');
    ip(netns.name, 'link', 'add', 'last0', 'type', 'bridge');
    const events = await until(monitor, (event) => event.group === 'link' && event.link.name === 'last0');
    expect(events.filter(isDelete)).toEqual([]);
    const ports = events.flatMap((event) =>
      event.group === 'link' && event.link.name === 'veth0' ? [event.link] : [],
    );
    expect(ports.at(-1)).not.toHaveProperty('master');
    expect(ipJson(netns.name, 'link', 'show', 'veth0')[0]).not.toHaveProperty('master');
  });

  test('that move away are gone', async () => {
    const [netns, other] = [await namespaceWithVeth(), await namespace()];
    const monitor = await listening(netns.monitor(['link']));
    ip(netns.name, 'link', 'set', 'veth1', 'netns', other.name);
    const event = await firstOf(monitor, isDelete);
    expect(event).toMatchObject({ group: 'link', link: { name: 'veth1' } });
  });

  test("a bridge's forwarding entries are no neighbours", async () => {
    const netns = await namespaceWithVeth();
    ip(netns.name, 'link', 'add', 'br0', 'type', 'bridge');
    ip(netns.name, 'link', 'set', 'veth0', 'master', 'br0');
    const monitor = await listening(netns.monitor(['neighbour']));
    execFileSync('bridge', ['-n', netns.name, 'fdb', 'add', '02:00:00:00:00:09', 'dev', 'veth0', 'master'], {
      env: environment,
    });
    ip(netns.name, 'neighbour', 'add', '192.0.2.9', 'lladdr', '02:00:00:00:00:09', 'dev', 'br0');
    const events = await until(monitor, ({ group, ...rest }) => JSON.stringify(rest).includes('192.0.2.9'));
    for (const event of events) {
      expect(event).toMatchObject({ neighbour: { family: expect.stringMatching(/^inet6?$/) } });
    }
  });
});

describe('a consumer', () => {
  test('that keeps up hears of everything, in order', async () => {
    const netns = await namespace();
    const monitor = await listening(netns.monitor(['route']));
    await addRoutesBeside(netns, 10_000);
    const events = await until(monitor, (event) => destination(event) === hostAddress(9999));
    expect(events.map(destination)).toEqual(Array.from({ length: 10_000 }, (_, i) => hostAddress(i)));
  });

  /** Everything up to the first loss. */
  async function expectLoss(netns: NamedNetns, monitor: EventStream<NetlinkEvent>, made: number): Promise<number> {
    const events = await until(monitor, ({ group }) => group === 'overrun');
    const heard = events.slice(0, -1);
    // What was heard is what came first, without a gap: the loss is told where it is.
    expect(heard.map(destination)).toEqual(Array.from({ length: heard.length }, (_, i) => hostAddress(i)));
    expect(heard.length).toBeGreaterThan(0);
    expect(heard.length).toBeLessThan(made);
    expect(await netns.routes.list({ family: 'inet' })).toHaveLength(made);
    return heard.length;
  }

  test('whose process is busy is told of what it missed, and hears on', async () => {
    const netns = await namespace();
    const monitor = await listening(netns.monitor(['route'], { receiveBuffer: 65_536 }));
    addRoutes(netns, 5000);
    await expectLoss(netns, monitor, 5000);
    ip(netns.name, 'route', 'add', 'blackhole', '198.51.100.1');
    expect(await until(monitor, (event) => destination(event) === '198.51.100.1')).toHaveLength(1);
  });

  test('that does not read holds up nothing but its own buffers', { timeout: 60_000 }, async () => {
    const netns = await namespace();
    const monitor = await listening(netns.monitor(['route']));
    await addRoutesBeside(netns, 100_000);
    await expectLoss(netns, monitor, 100_000);
    ip(netns.name, 'route', 'add', 'blackhole', '198.51.100.1');
    expect(await until(monitor, (event) => destination(event) === '198.51.100.1')).toHaveLength(1);
  });

  test('knows the names of devices that came while it missed events', async () => {
    const netns = await namespaceWithVeth();
    const monitor = await listening(netns.monitor(['route', 'address'], { receiveBuffer: 4096 }));
    addRoutes(netns, 500);
    ip(netns.name, 'link', 'add', 'unheard0', 'type', 'bridge');
    await until(monitor, ({ group }) => group === 'overrun');
    ip(netns.name, 'address', 'add', '192.0.2.1/32', 'dev', 'unheard0');
    const event = await firstOf(monitor, ({ group }) => group === 'address');
    expect(event).toMatchObject({ address: { dev: 'unheard0' } });
  });

  test('may be several, each with all of it; and may ask for several at once', async () => {
    const netns = await namespace();
    const [one, other] = [await listening(netns.monitor(['rule'])), await listening(netns.monitor(['rule']))];
    const three = [one.next(), one.next(), one.next()];
    for (const priority of [11, 12, 13]) ip(netns.name, 'rule', 'add', 'priority', String(priority), 'table', '100');
    const wanted = [11, 12, 13].map((priority) => ({ value: { group: 'rule', rule: { priority } } }));
    expect(await Promise.all(three)).toMatchObject(wanted);
    expect([await other.next(), await other.next(), await other.next()]).toMatchObject(wanted);
  });
});
