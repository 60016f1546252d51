/** What changes in the ruleset, as `nft -j monitor` tells it; and flows, made by ping(8) and ended by conntrack(8). */
import { release } from 'node:os';
import { describe, expect, test } from 'vitest';
import type { FlowEvent, FlowSpec, Netns, NftEvent } from '../src/index.js';
import { listening, until } from './helpers/events.js';
import { cleanUp, ip, type NamedNetns, namespace, run } from './helpers/namespaces.js';

const inside = (netns: NamedNetns, ...command: string[]): string => run('ip', 'netns', 'exec', netns.name, ...command);

/** One transaction of nft's. */
const nft = (netns: NamedNetns, ...commands: string[]): string => inside(netns, 'nft', commands.join('\n'));

const isEnd = (event: NftEvent): boolean => 'object' in event && JSON.stringify(event.object).includes('"the_end"');
const objects = (events: readonly NftEvent[]): object[] =>
  events.flatMap((event) => ('object' in event ? [{ [event.action]: event.object }] : []));

/** What is told from here on, up to a table that is made for it. */
async function heard(netns: NamedNetns, act: () => unknown): Promise<NftEvent[]> {
  const monitor = await listening(netns.nft.monitor());
  await act();
  nft(netns, 'add table ip the_end');
  const events = await until(monitor, isEnd);
  return events.slice(0, -1);
}

describe('a ruleset', () => {
  /** `nft -j monitor`, from when it listens. */
  async function nftMonitor(netns: NamedNetns): Promise<() => Promise<object[]>> {
    const child = netns.spawn('nft', ['-j', 'monitor'], { stdio: ['ignore', 'pipe', 'inherit'] });
    cleanUp(async () => child.kill());
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (more) => {
      text += more;
    });
    const has = async (word: string, again: () => void): Promise<void> => {
      for (; !text.includes(word); await new Promise(setImmediate)) again();
    };
    let probes = 0;
    await has('probe', () => nft(netns, `add table ip probe${probes++}`));
    await has(`"probe${probes - 1}"`, () => {});
    return async () => {
      await has('the_end', () => {});
      const lines = text.split('\n').filter((line) => line !== '' && !/probe|the_end/.test(line));
      return lines.map((line) => JSON.parse(line));
    };
  }

  /** nft 1.0.6 writes an element's value as a set of one; it shows nothing of a set that has gone but its name, and tells of nameless sets' end. */
  const comparable = (events: readonly object[]): object[] =>
    events.flatMap((event) => {
      // biome-ignore lint/suspicious/noExplicitAny: whatever nft prints.
      const [[action, object]] = Object.entries(event) as [[string, any]];
      const [[kind, body]] = Object.entries(object) as [[string, Record<string, unknown>]];
      if (String(body['name']).startsWith('__')) return [];
      if (kind === 'element') {
        const elem = body['elem'] as { set?: unknown };
        return [{ [action]: { element: { ...body, elem: elem.set ?? elem } } }];
      }
      if (action === 'delete' && (kind === 'set' || kind === 'map')) {
        const { family, table, name, handle } = body;
        return [{ delete: { set: { family, table, name, handle } } }];
      }
      return [event];
    });

  test('is told as nft tells it', async () => {
    const netns = await namespace();
    const theirs = await nftMonitor(netns);
    const ours = await heard(netns, () => {
      nft(
        netns,
        'add table ip t',
        'add set ip t s { type ipv4_addr; }',
        'add set ip t timed { type ipv4_addr . inet_service; timeout 1h; }',
        'add map ip t m { type ipv4_addr : ipv4_addr; }',
        'add map ip t v { type ipv4_addr : verdict; }',
        'add set ip t i { type ipv4_addr; flags interval; }',
        'add chain ip t c { type filter hook input priority 0; policy drop; }',
        'add chain ip t d',
        'add rule ip t c ip saddr { 192.0.2.1, 192.0.2.2 } accept comment "two"',
        'add rule ip t c tcp dport 22 counter accept',
        'add rule ip t c ip saddr vmap { 192.0.2.3 : accept, 192.0.2.4 : jump d }',
        'add rule ip t c ip saddr @s drop',
      );
      nft(netns, 'add element ip t s { 192.0.2.1, 192.0.2.2 }');
      nft(netns, 'add element ip t m { 192.0.2.1 : 203.0.113.1 }', 'add element ip t v { 192.0.2.1 : drop }');
      nft(netns, 'add element ip t i { 10.0.0.0/8, 192.0.2.3-192.0.2.7, 255.255.255.0/24 }');
      nft(netns, 'delete element ip t s { 192.0.2.1 }', 'delete element ip t i { 10.0.0.0/8 }');
      nft(netns, 'insert rule ip t c tcp dport 80 accept');
      nft(netns, 'add table inet u', 'add chain inet u c { type nat hook postrouting priority 100; }');
      nft(netns, 'add rule inet u c meta nfproto ipv4 ip daddr 198.51.100.0/24 masquerade');
      nft(netns, 'flush set ip t s');
      nft(netns, 'flush chain ip t d', 'delete map ip t m');
      nft(netns, 'delete table inet u');
    });
    expect(comparable(objects(ours))).toEqual(comparable(await theirs()));
    // Not by there being nothing.
    expect(objects(ours).length).toBeGreaterThan(25);
  });

  test('of named objects, devices by their names, and what is destroyed', async () => {
    const netns = await namespace();
    const theirs = await nftMonitor(netns);
    const inTable = { family: 'ip', table: 't' } as const;
    const ours = await heard(netns, async () => {
      nft(
        netns,
        'add table ip t',
        'add counter ip t n',
        'add quota ip t q { over 5 mbytes; }',
        'add limit ip t l { rate 5/minute; }',
        'add ct helper ip t h { type "ftp" protocol tcp; }',
        'add synproxy ip t s { mss 1460; wscale 7; }',
        'add chain ip t c { type filter hook input priority 0; }',
        'add rule ip t c iif lo counter name n accept',
      );
      nft(netns, 'delete synproxy ip t s', 'delete limit ip t l');
      await netns.nft.apply([
        { destroy: { quota: { ...inTable, name: 'q' } } },
        { destroy: { quota: { ...inTable, name: 'none' } } },
        { destroy: { chain: { ...inTable, name: 'none' } } },
      ]);
    });
    const told = objects(ours);
    // Of what has gone nft 1.0.6 shows numbers that nobody has told it.
    const named = (await theirs()).map((event) => {
      const [[action, object]] = Object.entries(event) as [[string, Record<string, Record<string, unknown>>]];
      const [[kind, { family, name, table, handle }]] = Object.entries(object) as [[string, Record<string, unknown>]];
      return action === 'delete' ? { delete: { [kind]: { family, name, table, handle } } } : event;
    });
    expect(told).toEqual(named);
    expect(JSON.stringify(told)).toContain('"right":"lo"');
    expect(told).toHaveLength(11);
  });

  test('whole transactions, if that is asked for', async () => {
    const netns = await namespace();
    const monitor = await listening(netns.nft.monitor({ transactions: true }));
    await netns.nft.apply([{ add: { table: { name: 't' } } }, { add: { chain: { table: 't', name: 'c' } } }]);
    nft(netns, 'delete table ip t');
    const [first, second] = await until(monitor, (event) => JSON.stringify(event).includes('"delete"'));
    const generation = await netns.nft.generation();
    expect(first).toMatchObject({ action: 'transaction', generation: generation - 1, pid: process.pid });
    expect(first).toHaveProperty('changes', [
      { action: 'add', object: { table: expect.objectContaining({ name: 't' }) } },
      { action: 'add', object: { chain: expect.objectContaining({ name: 'c' }) } },
    ]);
    expect(second).toMatchObject({ action: 'transaction', generation, process: 'nft' });
    expect(second).toHaveProperty('changes.length', 2);
    expect(() => netns.nft.monitor({ transactions: 1 as never })).toThrow(TypeError);
  });

  test("each transaction ends with its generation and its maker's name", async () => {
    const netns = await namespace();
    const ours = await heard(netns, async () => {
      nft(netns, 'add table ip t');
      await netns.nft.apply([{ add: { table: { name: 'u' } } }, { add: { chain: { table: 'u', name: 'c' } } }]);
    });
    const kinds = ours.map((event) => ('object' in event ? Object.keys(event.object)[0] : event.action));
    expect(kinds).toEqual(['table', 'generation', 'table', 'chain', 'generation']);
    const [first, second] = ours.filter((event) => event.action === 'generation');
    expect(first).toMatchObject({ process: 'nft' });
    expect(second).toMatchObject({ pid: process.pid });
    expect(second?.generation).toBe((first?.generation as number) + 1);
  });

  test('what it tells is what `list` gives, and what `apply` takes', async () => {
    const [netns, copy] = [await namespace(), await namespace()];
    const monitor = await listening(netns.nft.monitor());
    nft(
      netns,
      'add table ip t',
      'add map ip t m { type ipv4_addr . inet_service : ipv4_addr . inet_service; }',
      'add set ip t i { type ipv4_addr; flags interval; }',
      'add chain ip t c { type nat hook prerouting priority -100; }',
      'add rule ip t c ip daddr @i meta mark set 7',
      'add element ip t i { 10.0.0.0/8, 192.0.2.3-192.0.2.7 }',
      'add element ip t m { 192.0.2.1 . 80 : 10.0.0.1 . 8080 }',
    );
    const events = await until(monitor, (event) => event.action === 'generation');
    const added = objects(events).map((event) => (event as { add: object }).add);
    const kindOf = (object: object): string => Object.keys(object)[0] as string;
    expect(await netns.nft.list({ elements: false })).toEqual(
      ['table', 'map', 'set', 'chain', 'rule'].flatMap((kind) => added.filter((object) => kindOf(object) === kind)),
    );
    // In a command, a rule's handle is that of the rule it is put behind.
    for (const object of added) if ('rule' in object) delete (object.rule as { handle?: number }).handle;
    // biome-ignore lint/suspicious/noExplicitAny: events have objects of any kind.
    await copy.nft.apply(added.map((object) => ({ add: object })) as any);
    const listed = (where: NamedNetns): unknown => JSON.parse(inside(where, 'nft', '-j', 'list', 'ruleset')).nftables;
    expect(listed(copy)).toEqual(listed(netns));
  });

  test('that was there before is known: rules that go show their sets', async () => {
    const netns = await namespace();
    nft(
      netns,
      'add table ip t',
      'add chain ip t c',
      'add rule ip t c ip saddr { 192.0.2.1, 192.0.2.2 } accept',
      'add map ip t m { type ipv4_addr : ipv4_addr; }',
      'add element ip t m { 192.0.2.1 : 203.0.113.1 }',
    );
    const [rule] = (await netns.nft.list({ chain: 'c' })).filter((object) => 'rule' in object);
    const [map] = (await netns.nft.list({ elements: false })).filter((object) => 'map' in object);
    const ours = await heard(netns, () =>
      nft(netns, 'flush chain ip t c', 'delete element ip t m { 192.0.2.1 }', 'delete map ip t m'),
    );
    expect(objects(ours)).toEqual([
      { delete: rule },
      { delete: { element: { family: 'ip', table: 't', name: 'm', elem: [['192.0.2.1', '203.0.113.1']] } } },
      { delete: map },
    ]);
  });

  test('a rule that takes the place of another', async () => {
    const netns = await namespace();
    nft(netns, 'add table ip t', 'add chain ip t c', 'add rule ip t c ip saddr { 192.0.2.1, 192.0.2.2 } accept');
    const before = (await netns.nft.list()).find((object) => 'rule' in object) as { rule: { handle: number } };
    const ours = await heard(netns, () =>
      nft(netns, `replace rule ip t c handle ${before.rule.handle} ip saddr { 192.0.2.3, 192.0.2.4 } drop`),
    );
    const after = (await netns.nft.list()).find((object) => 'rule' in object);
    expect(objects(ours)).toContainEqual({ delete: before });
    expect(objects(ours)).toContainEqual({ add: after });
  });

  test('intervals are whole, however they come', async () => {
    const netns = await namespace();
    nft(netns, 'add table ip t', 'add set ip t i { type ipv4_addr; flags interval; }');
    const spans = ['0.0.0.0/8', '10.0.0.1', '10.0.0.2-10.0.0.9', '192.0.2.0/24', '255.255.255.255'];
    const ours = await heard(netns, () => {
      nft(netns, `add element ip t i { ${spans.join(', ')} }`);
      nft(netns, 'flush set ip t i');
    });
    const elements = (action: string): unknown[] =>
      objects(ours).flatMap((event) => {
        const [[what, { element }]] = Object.entries(event) as [[string, { element: { elem: unknown[] } }]];
        return what === action ? element.elem : [];
      });
    const wanted = [
      { prefix: { addr: '0.0.0.0', len: 8 } },
      '10.0.0.1',
      { range: ['10.0.0.2', '10.0.0.9'] },
      { prefix: { addr: '192.0.2.0', len: 24 } },
      '255.255.255.255',
    ];
    expect(elements('add')).toEqual(wanted);
    expect(elements('delete')).toEqual(wanted.toReversed());
  });

  test('an expression that is not known is told by its name', async () => {
    const netns = await namespace();
    const ours = await heard(netns, () =>
      nft(
        netns,
        'add table ip t',
        'add chain ip t c',
        'add rule ip t c tcp dport 22 meta hour < "12:00" numgen inc mod 2 0 accept',
      ),
    );
    const rule = objects(ours).find((event) => JSON.stringify(event).includes('"rule"'));
    expect(JSON.stringify(rule)).toContain('{"protocol":"tcp","field":"dport"}');
    expect(rule).toHaveProperty('add.rule.handle');
  });

  test('elements by the thousand, whoever adds them', async () => {
    const netns = await namespace();
    nft(netns, 'add table ip t', 'add set ip t s { type ipv4_addr; }');
    const numbers = Uint32Array.from({ length: 5000 }, (_, i) => 0x0a00_0000 + i);
    const ours = await heard(netns, () => netns.nft.set('ip', 't', 's').add(numbers));
    const told = objects(ours).flatMap((event) => (event as { add: { element: { elem: string[] } } }).add.element.elem);
    expect(told).toHaveLength(5000);
    expect(told.slice(0, 2)).toEqual(['10.0.0.0', '10.0.0.1']);
    expect(new Set(told).size).toBe(5000);
  });

  test('a loss is told, and what came meanwhile is known afterwards', async () => {
    const netns = await namespace();
    nft(netns, 'add table ip t');
    const monitor = await listening(netns.nft.monitor({ receiveBuffer: 4096 }));
    const rules = Array.from({ length: 200 }, (_, i) => `add rule ip t c ip saddr 10.0.0.${i} accept`);
    nft(netns, 'add chain ip t c', ...rules);
    nft(netns, 'add map ip t unheard { type ipv4_addr : inet_service; }');
    await until(monitor, ({ action }) => action === 'overrun');
    nft(netns, 'add element ip t unheard { 192.0.2.1 : 80 }');
    const events = await until(monitor, (event) => 'object' in event && 'element' in event.object);
    expect(objects(events).at(-1)).toEqual({
      add: { element: { family: 'ip', table: 't', name: 'unheard', elem: [['192.0.2.1', 80]] } },
    });
  });
});

describe('flows', () => {
  /** Two ends, and a rule that has the first one's connections tracked. */
  async function ends(): Promise<[NamedNetns, NamedNetns]> {
    const [near, far] = [await namespace(), await namespace()];
    await near.links.add({
      kind: 'veth',
      name: 'veth0',
      up: true,
      peer: { name: 'veth0', up: true, netns: far as Netns },
    });
    for (const [netns, address] of [
      [near, '192.0.2.1/24'],
      [far, '192.0.2.2/24'],
    ] as const) {
      ip(netns.name, 'address', 'add', address, 'dev', 'veth0');
    }
    nft(
      near,
      'add table ip t',
      'add chain ip t c { type filter hook output priority 0; }',
      'add rule ip t c ct state new',
    );
    return [near, far];
  }
  const ping = (netns: NamedNetns): string => inside(netns, 'ping', '-c', '1', '192.0.2.2');
  const is =
    (action: FlowEvent['action']) =>
    (event: FlowEvent): boolean =>
      event.action === action;

  test('begin, change and end', async () => {
    const [near] = await ends();
    const events = await listening(near.conntrack.events());
    ping(near);
    const [begun, ...changes] = await until(events, is('update'));
    expect(begun).toMatchObject({
      action: 'new',
      flow: { family: 'inet', original: { src: '192.0.2.1', dst: '192.0.2.2', protocol: 1, icmpType: 8 } },
    });
    const [listed] = await near.conntrack.list();
    expect(changes.at(-1)).toMatchObject({
      action: 'update',
      flow: { id: listed?.id, original: listed?.original, reply: listed?.reply, status: listed?.status },
    });
    const xml = inside(near, 'conntrack', '-L', '-o', 'id');
    expect(xml).toContain(`id=${listed?.id}`);
    inside(near, 'conntrack', '-D', '-d', '192.0.2.2');
    const ended = await until(events, is('destroy'));
    expect(ended.at(-1)).toMatchObject({ flow: { id: listed?.id, original: listed?.original } });
    expect(await near.conntrack.count()).toBe(0);
  });

  test.each(['new', 'update', 'destroy'] as const)('%s alone, where it alone is asked for', async (group) => {
    const [near] = await ends();
    const events = await listening(near.conntrack.events({ groups: [group] }));
    ping(near);
    inside(near, 'conntrack', '-D', '-d', '192.0.2.2');
    ping(near);
    inside(near, 'conntrack', '-D', '-d', '192.0.2.2');
    const both = [await events.next(), await events.next()];
    expect(both).toMatchObject([{ value: { action: group } }, { value: { action: group } }]);
    const [one, other] = both.map(({ value }) => value?.flow?.original.icmpId);
    expect(one).not.toBe(other);
  });

  test('of those that match', async () => {
    const [near] = await ends();
    const filter = { original: { protocol: 'udp' }, mark: 7 } as const;
    const events = await listening(near.conntrack.events({ filter }));
    const flow = (srcPort: number, mark: number, protocol: 'udp' | 'tcp'): FlowSpec => ({
      original: { src: '192.0.2.1', dst: '192.0.2.2', protocol, srcPort, dstPort: 53 },
      timeout: 100,
      mark,
    });
    await near.conntrack.add([flow(1, 7, 'tcp'), flow(2, 6, 'udp'), flow(3, 7, 'udp'), flow(4, 0, 'udp')]);
    await near.conntrack.update({ original: flow(4, 0, 'udp').original, mark: 7 });
    inside(near, 'conntrack', '-F');
    let ended = 0;
    const heard = await until(events, ({ action }) => action === 'destroy' && ++ended === 2);
    const told = heard.map(({ action, flow }) => `${action} ${flow?.original.srcPort}`);
    expect(told.slice(0, 2)).toEqual(['new 3', 'update 4']);
    // In whatever order the table has them.
    expect(told.slice(2).sort()).toEqual(['destroy 3', 'destroy 4']);
    expect(() => near.conntrack.events({ filter: { zone: -1 } })).toThrow('options.filter.zone: ');
  });

  // Since Linux 6.14.
  const [major = 0, minor = 0] = release().split('.').map(Number);
  test.skipIf(major < 6 || (major === 6 && minor < 14))('are told with the time when they happened', async () => {
    const [near] = await ends();
    await near.sysctl.set({ 'net.netfilter.nf_conntrack_timestamp': '1' });
    const events = await listening(near.conntrack.events());
    const before = Date.now();
    ping(near);
    const changed = await until(events, is('update'));
    inside(near, 'conntrack', '-D', '-d', '192.0.2.2');
    const [ended] = await until(events, is('destroy')).then((heard) => heard.slice(-1));
    const after = Date.now();
    const times = [...changed, ended].map((event) => (event?.action === 'overrun' ? undefined : event?.time) as number);
    // The clock of Date.now() has whole milliseconds.
    expect(times[0]).toBeGreaterThanOrEqual(before - 1);
    expect(times.at(-1)).toBeLessThanOrEqual(after + 1);
    expect([...times].sort((a, b) => a - b)).toEqual(times);
    expect(ended?.flow?.timestamp?.start).toBeGreaterThanOrEqual(before - 1);
    expect(ended?.flow?.timestamp?.stop).toBeLessThanOrEqual(after + 1);
    expect(ended?.flow?.timestamp?.stop).toBeGreaterThanOrEqual(ended?.flow?.timestamp?.start as number);
  });

  test('a loss is told', async () => {
    const [near] = await ends();
    const events = await listening(near.conntrack.events({ groups: ['destroy'], receiveBuffer: 4096 }));
    // A flow for each port, all of them ended at once.
    const ports = Array.from({ length: 200 }, (_, i) => i + 1000);
    const create = ports.map((port) => `-I -p udp -s 192.0.2.1 -d 192.0.2.2 --sport 53 --dport ${port} -t 100`);
    inside(near, 'sh', '-c', create.map((line) => `conntrack ${line}`).join(' 2>/dev/null; '));
    inside(near, 'conntrack', '-F');
    const heard = await until(events, is('overrun'));
    expect(heard.length).toBeGreaterThan(1);
    expect(heard.length).toBeLessThan(200);
  });

  test.each([[[]], [['old']], ['new']])('groups %j are refused', async (groups) => {
    const netns = await namespace();
    // biome-ignore lint/suspicious/noExplicitAny: that it is refused is the point.
    expect(() => netns.conntrack.events({ groups: groups as any })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });
});
