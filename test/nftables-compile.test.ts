import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { type CompiledOperation, compileCommands, setsNeeded } from '../src/nftables/compile.js';
import { decompileChain, decompileRule, decompileSet, decompileTable } from '../src/nftables/decompile.js';
import type { Command } from '../src/nftables/json.js';
import { canPack, packElements } from '../src/nftables/pack.js';
import type { SetDefinition, SetElement } from '../src/nftables/wire.js';

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');
const compile = (...commands: unknown[]): CompiledOperation[] => compileCommands(commands as Command[]);
const only = (...commands: unknown[]): CompiledOperation => {
  const operations = compile(...commands);
  assert.equal(operations.length, 1);
  return operations[0] as CompiledOperation;
};

/** `from` where an interval starts, `-to` where one ends (the first address after it). */
function elementsOf(operation: CompiledOperation | undefined): string[] {
  assert(operation?.op === 'newsetelem' || operation?.op === 'delsetelem');
  return operation.object.elements.map(({ key, keyEnd, data, flags, userdata, timeout }) =>
    [
      (flags?.includes('interval-end') ? '-' : '') + hex(key?.value) + (keyEnd ? `..${hex(keyEnd.value)}` : ''),
      data && (data.verdict ? data.verdict.code : hex(data.value)),
      userdata && `[${hex(userdata)}]`,
      timeout && `${timeout}ms`,
    ]
      .filter(Boolean)
      .join(' '),
  );
}

const table = { family: 'ip', name: 't' };
const set = (properties: object): unknown => ({
  add: { set: { family: 'ip', table: 't', name: 's', type: 'ipv4_addr', ...properties } },
});
const map = (properties: object): unknown => ({
  add: { map: { family: 'ip', table: 't', name: 'm', type: 'ipv4_addr', map: 'ipv4_addr', ...properties } },
});
const chain = (properties: object): unknown => ({ add: { chain: { table: 't', name: 'c', ...properties } } });
const rule = (...expr: unknown[]): unknown => ({ add: { rule: { family: 'ip', table: 't', chain: 'c', expr } } });

describe('commands', () => {
  it('takes the array, or the object that nft prints, and says which command each operation came from', () => {
    const commands = [
      { metainfo: { version: '1.0.6' } },
      { add: { table } },
      { add: { set: { ...table, table: 't', name: 's', type: 'ipv4_addr', elem: ['1.1.1.1'] } } },
    ];
    const operations = compileCommands(commands as Command[]);
    assert.deepEqual(
      operations.map(({ op, command }) => [op, command]),
      [
        ['newtable', 1],
        ['newset', 2],
        ['newsetelem', 2],
      ],
    );
    assert.deepEqual(compileCommands({ nftables: commands as Command[] }), operations);
  });

  it('adds an object that stands alone, in the default family', () => {
    assert.deepEqual(only({ table: { name: 't' } }), { op: 'newtable', object: table, command: 0 });
    assert.deepEqual(compileCommands([{ table: { name: 't' } }], { family: 'inet' })[0]?.object, {
      family: 'inet',
      name: 't',
    });
  });

  it.each<[string, unknown, object]>([
    ['create', { create: { table } }, { op: 'newtable', object: table, create: true }],
    ['delete a table', { delete: { table } }, { op: 'deltable', object: table }],
    [
      'delete a chain',
      { delete: { chain: { table: 't', name: 'c' } } },
      { op: 'delchain', object: { family: 'ip', table: 't', name: 'c' } },
    ],
    [
      'delete a set',
      { delete: { set: { table: 't', name: 's' } } },
      { op: 'delset', object: { family: 'ip', table: 't', name: 's' } },
    ],
    [
      'delete a rule',
      { delete: { rule: { table: 't', chain: 'c', handle: 7 } } },
      { op: 'delrule', object: { family: 'ip', table: 't', chain: 'c', handle: 7 } },
    ],
    ['flush a table', { flush: { table } }, { op: 'delrule', object: { family: 'ip', table: 't' } }],
    [
      'flush a chain',
      { flush: { chain: { table: 't', name: 'c' } } },
      { op: 'delrule', object: { family: 'ip', table: 't', chain: 'c' } },
    ],
    [
      'flush a set',
      { flush: { set: { table: 't', name: 's' } } },
      { op: 'delsetelem', object: { family: 'ip', table: 't', set: 's', elements: [] } },
    ],
    [
      'flush a map',
      { flush: { map: { table: 't', name: 'm' } } },
      { op: 'delsetelem', object: { family: 'ip', table: 't', set: 'm', elements: [] } },
    ],
    [
      'add a flowtable',
      {
        add: {
          flowtable: { table: 't', name: 'f', hook: 'ingress', prio: 'filter', dev: ['a', 'b'], flags: 'counter' },
        },
      },
      {
        op: 'newflowtable',
        object: {
          family: 'ip',
          table: 't',
          name: 'f',
          hook: { hooknum: 0, priority: 0, devs: ['a', 'b'] },
          flags: ['counter'],
        },
      },
    ],
    [
      'delete a flowtable by its handle',
      { delete: { flowtable: { table: 't', handle: 7 } } },
      { op: 'delflowtable', object: { family: 'ip', table: 't', handle: 7 } },
    ],
    ['flush everything', { flush: { ruleset: null } }, { op: 'deltable', object: { family: 'unspec' } }],
    ['flush a family', { flush: { ruleset: { family: 'arp' } } }, { op: 'deltable', object: { family: 'arp' } }],
  ])('%s', (_, command, operation) => {
    assert.deepEqual(only(command), { ...operation, command: 0 });
  });

  it.each<[string, string, object]>([
    ['add', 'add', {}],
    ['add', 'add', { handle: 5 }],
    ['insert', 'insert', { handle: 5 }],
    ['replace', 'replace', { handle: 5 }],
  ])('%s a rule (%s, %j)', (verb, mode, place) => {
    const operation = only({
      [verb]: { rule: { table: 't', chain: 'c', expr: [{ accept: null }], comment: 'why', ...place } },
    });
    assert(operation.op === 'newrule');
    assert.equal(operation.mode, mode);
    const { handle, position, userdata } = operation.object;
    assert.deepEqual(verb === 'replace' ? handle : position, 'handle' in place ? 5 : undefined);
    assert.equal(hex(userdata), '000477687900');
  });
});

describe('chains', () => {
  it.each<[string, string, number]>([
    ['ip', 'prerouting', 0],
    ['ip', 'postrouting', 4],
    ['ip6', 'forward', 2],
    ['inet', 'input', 1],
    ['inet', 'output', 3],
    ['bridge', 'forward', 2],
    ['arp', 'input', 0],
    ['arp', 'output', 1],
  ])('%s %s', (family, hook, hooknum) => {
    const { object } = only(chain({ family, type: 'filter', hook, prio: 0, policy: 'drop' }));
    assert.deepEqual(object, {
      family,
      table: 't',
      name: 'c',
      kind: 'filter',
      hook: { hooknum, priority: 0 },
      policy: 'drop',
    });
  });

  it.each<[string, string, number]>([
    ['netdev', 'ingress', 0],
    ['netdev', 'egress', 1],
    ['inet', 'ingress', 5],
  ])('%s %s, of a device', (family, hook, hooknum) => {
    const { object } = only(chain({ family, type: 'filter', hook, prio: 0, dev: 'lo' }));
    assert.deepEqual(object, {
      family,
      table: 't',
      name: 'c',
      kind: 'filter',
      hook: { hooknum, priority: 0, dev: 'lo' },
    });
  });

  it.each<[string, unknown, number]>([
    ['ip', -5, -5],
    ['ip', 'dstnat', -100],
    ['ip6', 'srcnat - 5', 95],
    ['inet', 'filter + 10', 10],
    ['bridge', 'dstnat', -300],
    ['bridge', 'out+1', 101],
    ['ip', 'raw', -300],
    ['ip', 'mangle', -150],
    ['ip', 'security', 50],
    ['arp', 'filter', 0],
  ])('priority in %s: %j is %i', (family, prio, priority) => {
    const { object } = only(chain({ family, type: 'filter', hook: 'input', prio }));
    assert.equal('hook' in object && object.hook?.priority, priority);
  });

  it.each([
    { family: 'ip', name: 't', handle: 1 },
    { family: 'inet', name: 't', flags: ['dormant'], comment: 'mine' },
  ])('table %j comes back', (json) => {
    const operation = only({ add: { table: json } });
    assert(operation.op === 'newtable');
    const { handle } = json as { handle?: number };
    assert.deepEqual(decompileTable(handle === undefined ? operation.object : { ...operation.object, handle }), {
      table: json,
    });
  });

  it.each([
    { family: 'ip', table: 't', name: 'plain', comment: 'to jump to' },
    { family: 'ip', table: 't', name: 'c', type: 'nat', hook: 'prerouting', prio: -100, policy: 'accept' },
    { family: 'netdev', table: 't', name: 'c', type: 'filter', hook: 'egress', prio: 5, dev: 'eth0', policy: 'drop' },
  ])('chain %j comes back', (json) => {
    const operation = only({ add: { chain: json } });
    assert(operation.op === 'newchain');
    assert.deepEqual(decompileChain(operation.object), { chain: json });
  });
});

describe('sets', () => {
  // User data, key type and length as nft 1.0.6 sends them (nft --debug=mnl).
  it.each<[object, object]>([
    [{ type: 'ipv4_addr' }, { keyType: 7, keyLen: 4, userdata: '000402000000' }],
    [
      { type: 'mark', size: 5 },
      { keyType: 19, keyLen: 4, userdata: '000401000000', desc: { size: 5 } },
    ],
    [{ type: 'inet_proto' }, { keyType: 12, keyLen: 1, userdata: '000400000000' }],
    [
      { type: ['ipv4_addr', 'mark'], comment: 'hi' },
      { keyType: 0x1d3, keyLen: 8, userdata: '000400000000030800040d00000001000703686900' },
    ],
    [
      { type: 'ipv4_addr', flags: 'interval', 'auto-merge': true },
      { keyType: 7, keyLen: 4, flags: ['interval'], userdata: '000402000000020401000000' },
    ],
    [
      { type: ['ipv4_addr', 'inet_service'], flags: ['interval'] },
      {
        keyType: 0x1cd,
        keyLen: 8,
        flags: ['interval', 'concat'],
        desc: { concat: [{ len: 4 }, { len: 2 }] },
        userdata: '000400000000030800040d0000000100',
      },
    ],
    [
      { type: 'ipv4_addr', flags: ['timeout', 'dynamic'], timeout: 60, 'gc-interval': 5, policy: 'memory' },
      {
        keyType: 7,
        keyLen: 4,
        flags: ['timeout', 'eval'],
        timeout: 60000,
        gcInterval: 5000,
        policy: 'memory',
        userdata: '000402000000',
      },
    ],
  ])('%j', (properties, expected) => {
    const operation = only(set(properties));
    assert(operation.op === 'newset');
    const { userdata, ...rest } = operation.object;
    assert.deepEqual({ ...rest, userdata: hex(userdata) }, { family: 'ip', table: 't', name: 's', id: 1, ...expected });
    const { set: listed } = decompileSet(operation.object, undefined, {}) as { set: object };
    const { flags } = properties as { flags?: string | string[] };
    assert.deepEqual(listed, {
      family: 'ip',
      table: 't',
      name: 's',
      ...properties,
      ...(flags === undefined ? {} : { flags: [flags].flat() }),
    });
  });

  it.each<[object, object]>([
    [{}, { keyType: 7, keyLen: 4, dataType: 7, dataLen: 4, userdata: '000402000000010402000000060400000000' }],
    [
      { map: 'verdict' },
      { keyType: 7, keyLen: 4, dataType: 0xffff_ff00, dataLen: 0, userdata: '000402000000010400000000060400000000' },
    ],
    [
      { type: ['ipv4_addr', 'inet_proto', 'inet_service'], map: 'ipv4_addr . inet_service' },
      {
        keyType: 0x730d,
        keyLen: 12,
        dataType: 0x1cd,
        dataLen: 8,
        userdata: '000400000000010400000000030800040d0000000100040800040d0000000100060400000000',
      },
    ],
  ])('map %j', (properties, expected) => {
    const operation = only(map(properties));
    assert(operation.op === 'newset');
    const { userdata, ...rest } = operation.object;
    assert.deepEqual(
      { ...rest, userdata: hex(userdata) },
      { family: 'ip', table: 't', name: 'm', id: 1, flags: ['map'], ...expected },
    );
    const { map: listed } = decompileSet(operation.object, undefined, {}) as { map: object };
    assert.deepEqual(listed, {
      family: 'ip',
      table: 't',
      name: 'm',
      type: 'ipv4_addr',
      map: 'ipv4_addr',
      ...properties,
    });
  });

  // Keys as nft 1.0.6 sends them (nft --debug=netlink).
  it.each<[string, unknown, string[]]>([
    ['plain', set({ elem: ['2.2.2.2', '1.1.1.1'] }), ['02020202', '01010101']],
    ['one, not in a list', set({ elem: '2.2.2.2' }), ['02020202']],
    [
      'with properties',
      set({ flags: 'timeout', elem: [{ elem: { val: '1.1.1.1', timeout: 5, comment: 'x' } }] }),
      ['01010101 [00027800] 5000ms'],
    ],
    ['a map', map({ elem: [['1.1.1.1', '2.2.2.2']] }), ['01010101 02020202']],
    ['a verdict map', map({ map: 'verdict', elem: [['1.1.1.1', { drop: null }]] }), ['01010101 drop']],
    ['names', set({ type: 'ifname', elem: ['a'] }), [`61${'00'.repeat(15)}`]],
    ['host order', set({ type: 'mark', elem: [256] }), ['00010000']],
    [
      'a concatenation',
      set({ type: ['ipv4_addr', 'inet_service'], elem: [{ concat: ['1.1.1.1', 80] }] }),
      ['0101010100500000'],
    ],
    [
      'an interval, and zero marked',
      set({ flags: 'interval', elem: [{ prefix: { addr: '10.0.0.0', len: 8 } }] }),
      ['-00000000', '0a000000', '-0b000000'],
    ],
    [
      'neighbours',
      set({
        flags: 'interval',
        elem: [{ prefix: { addr: '2.0.0.0', len: 8 } }, { prefix: { addr: '1.0.0.0', len: 8 } }],
      }),
      ['-00000000', '01000000', '-02000000', '02000000', '-03000000'],
    ],
    [
      'merged',
      set({
        flags: 'interval',
        'auto-merge': true,
        elem: [{ prefix: { addr: '1.0.0.0', len: 8 } }, { prefix: { addr: '2.0.0.0', len: 8 } }, '1.1.1.1'],
      }),
      ['-00000000', '01000000', '-03000000'],
    ],
    [
      'from zero, to the end',
      set({
        flags: 'interval',
        elem: [{ prefix: { addr: '0.0.0.0', len: 8 } }, { prefix: { addr: '255.0.0.0', len: 8 } }],
      }),
      ['00000000', '-01000000', 'ff000000 [010401000000]'],
    ],
    [
      'numbers in intervals',
      set({ type: 'mark', flags: 'interval', elem: [{ range: [1, 10] }, 20] }),
      ['-00000000', '00000001', '-0000000b', '00000014', '-00000015'],
    ],
    [
      'intervals in a concatenation',
      set({
        type: ['ipv4_addr', 'inet_service'],
        flags: 'interval',
        elem: [{ concat: [{ prefix: { addr: '10.0.0.0', len: 8 } }, { range: [80, 90] }] }],
      }),
      ['0a00000000500000..0affffff005a0000'],
    ],
  ])('elements: %s', (_, command, elements) => {
    const operations = compile(command);
    assert.deepEqual(elementsOf(operations[1]), elements);
    const definition = (operations[0] as { object: SetDefinition }).object;
    const sent = (operations[1] as unknown as { object: { elements: SetElement[] } }).object.elements;
    const [kind, json] = Object.entries((command as { add: object }).add)[0] as [
      string,
      { elem: unknown; 'auto-merge'?: boolean },
    ];
    const [, listed] = Object.entries(decompileSet(definition, sent, {}))[0] as [string, { elem: unknown[] }];
    const sorted = (list: unknown[]): string[] => list.map((item) => JSON.stringify(item)).sort();
    assert(kind === 'set' || kind === 'map');
    if (json['auto-merge'] !== true)
      assert.deepEqual(sorted(listed.elem), sorted(Array.isArray(json.elem) ? json.elem : [json.elem]));
  });

  it('finds the types of elements in the same commands, or asks', () => {
    const element = { element: { family: 'ip', table: 't', name: 's', elem: ['1.1.1.1'] } };
    assert.deepEqual(elementsOf(compile(set({}), { add: element })[1]), ['01010101']);
    const asked: string[] = [];
    const definition: SetDefinition = {
      family: 'ip',
      table: 't',
      name: 's',
      keyType: 7,
      keyLen: 4,
      flags: ['interval'],
    };
    const operations = compileCommands([{ add: element }, { delete: element }] as Command[], {
      findSet: (family, tableName, name) => {
        asked.push(`${family} ${tableName} ${name}`);
        return definition;
      },
    });
    assert.deepEqual(asked, ['ip t s']);
    // Nobody but the set's first element marks zero.
    assert.deepEqual(operations.map(elementsOf), [
      ['01010101', '-01010102'],
      ['01010101', '-01010102'],
    ]);
  });

  it('deletes elements of a map by key, or by key and value', () => {
    const remove = (elem: unknown): string[] =>
      elementsOf(compile(map({}), { delete: { element: { table: 't', name: 'm', elem } } })[1]);
    assert.deepEqual(remove(['1.1.1.1', '2.2.2.2']), ['01010101', '02020202']);
    assert.deepEqual(remove([['1.1.1.1', '2.2.2.2']]), ['01010101 02020202']);
  });

  it('spreads many elements over messages, each small enough for an attribute', () => {
    const elem = Array.from({ length: 10_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
    const [, ...messages] = compile(set({ elem }));
    assert(messages.length > 1);
    const sent = messages.flatMap(elementsOf);
    assert.equal(sent.length, elem.length);
    assert.equal(sent.at(-1), '0a00270f');
  });

  it('keeps a field that is not whole bytes where it stands, or moves it to the end of its byte', () => {
    const field = (protocol: string): unknown => ({ payload: { protocol, field: 'dscp' } });
    const lookup = (family: string, left: unknown, right: unknown): CompiledOperation[] =>
      compile(set({ type: 'dscp', elem: ['cs1'] }), {
        add: { rule: { family, table: 't', chain: 'c', expr: [{ match: { op: '==', left, right } }] } },
      });
    const anonymous = lookup('ip6', field('ip6'), { set: ['cs1', 5] });
    assert(anonymous[2]?.op === 'newset');
    assert.equal(anonymous[2].object.keyLen, 2);
    assert.deepEqual(elementsOf(anonymous[3]), ['0200', '0140']);
    const named = lookup('ip', field('ip'), '@s');
    assert.deepEqual(elementsOf(named[1]), ['08']);
    assert(named[2]?.op === 'newrule');
    assert.deepEqual(
      named[2].object.expressions?.map(({ type }) => type),
      ['payload', 'bitwise', 'bitwise', 'lookup'],
    );
  });

  it('reads elements that share their memory, as a decoder makes them', () => {
    const memory = Buffer.from('0a0000000b0000000c000000', 'hex');
    const elements = [0, 4, 8].map((at) => ({
      key: { value: memory.subarray(at, at + 4) },
      ...(at === 8 ? { flags: ['interval-end'] as const } : {}),
    }));
    const definition: SetDefinition = {
      family: 'ip',
      table: 't',
      name: 's',
      keyType: 7,
      keyLen: 4,
      flags: ['interval'],
    };
    const prefixes = ['10.0.0.0', '11.0.0.0'].map((addr) => ({ prefix: { addr, len: 8 } }));
    for (const _ of [1, 2])
      assert.deepEqual((decompileSet(definition, elements, {}) as { set: { elem: unknown } }).set.elem, prefixes);
  });

  it('names the sets that must be known', () => {
    const commands = [
      set({}),
      { add: { element: { table: 't', name: 's', elem: '1.1.1.1' } } },
      rule({ match: { left: { payload: { protocol: 'ip', field: 'saddr' } }, op: '==', right: '@elsewhere' } }),
      { delete: { element: { family: 'arp', table: 't', name: 'fip_arp', elem: '1.1.1.1' } } },
    ] as Command[];
    assert.deepEqual(setsNeeded(commands), [
      { family: 'ip', table: 't', name: 'elsewhere' },
      { family: 'arp', table: 't', name: 'fip_arp' },
    ]);
  });
});

describe('bad input', () => {
  const saddr = { payload: { protocol: 'ip', field: 'saddr' } };
  const dport = { payload: { protocol: 'tcp', field: 'dport' } };
  const match = (left: unknown, right: unknown, op = '=='): unknown => rule({ match: { op, left, right } });
  const value = 'ERR_INVALID_ARG_VALUE';
  const type = 'ERR_INVALID_ARG_TYPE';

  it.each<[unknown, string, RegExp]>([
    [
      rule({ counter: null }, { match: { op: '==', left: saddr, right: '10.0.0.300' } }),
      value,
      /^nftables\[0\]\.add\.rule\.expr\[1\]\.match\.right: "10\.0\.0\.300" is not an IPv4 address$/,
    ],
    [7, type, /^nftables\[0\]: must be a command/],
    [{}, value, /exactly one key, not 0/],
    [{ add: {} }, value, /^nftables\[0\]\.add: /],
    [{ frobnicate: {} }, value, /^nftables\[0\]\.frobnicate: unknown object "frobnicate"/],
    [
      { add: { table: { name: 't', colour: 'red' } } },
      value,
      /^nftables\[0\]\.add\.table: unknown key "colour"; known are family, name/,
    ],
    [{ add: { table: { name: 7 } } }, type, /^nftables\[0\]\.add\.table\.name: must be a string, not 7$/],
    [{ add: { table: { name: '' } } }, value, /must be a name/],
    [
      { add: { table: { name: 't', family: 'ipx' } } },
      value,
      /^nftables\[0\]\.add\.table\.family: "ipx" is not one of ip, ip6/,
    ],
    [{ add: { table: { name: 't', comment: 'x'.repeat(254) } } }, value, /at most 253 bytes/],
    [{ delete: { rule: { table: 't', chain: 'c' } } }, value, /needs the handle/],
    [{ insert: { table } }, value, /"insert" is for rules/],
    [chain({ type: 'filter' }), value, /but no hook/],
    [
      chain({ type: 'filter', hook: 'ingress', prio: 0 }),
      value,
      /add\.chain\.hook: "ingress" is not one of prerouting/,
    ],
    [
      chain({ type: 'filter', hook: 'input', prio: 'soon' }),
      value,
      /"soon" is not a priority; names in family ip are raw, mangle/,
    ],
    [chain({ family: 'netdev', type: 'filter', hook: 'ingress', prio: 0 }), value, /add\.chain\.dev: is needed/],
    [set({ type: 'ipv5_addr' }), value, /add\.set\.type: "ipv5_addr" is not a datatype/],
    [set({ elem: ['10.0.0.1', 'x'] }), value, /add\.set\.elem\[1\]: "x" is not an IPv4 address/],
    [
      set({ elem: [{ prefix: { addr: '10.0.0.0', len: 8 } }] }),
      value,
      /add\.set\.elem\[0\]: is a prefix, and the set has no "interval" flag/,
    ],
    [
      set({ flags: 'interval', elem: ['10.0.0.1', { prefix: { addr: '10.0.0.0', len: 8 } }] }),
      value,
      /add\.set\.elem\[0\]: overlaps/,
    ],
    [
      set({ flags: 'interval', elem: [{ range: ['10.0.0.9', '10.0.0.1'] }] }),
      value,
      /"10\.0\.0\.9" is after "10\.0\.0\.1"/,
    ],
    [
      set({ type: ['ipv4_addr', 'mark'], elem: [{ concat: ['10.0.0.1'] }] }),
      value,
      /has 1 fields; the set's key has 2/,
    ],
    [map({ elem: [['10.0.0.1']] }), value, /elem\[0\]: must be \[key, value\]/],
    [{ add: { element: { table: 't', name: 'nowhere', elem: [] } } }, value, /no set or map "nowhere" in table ip t/],
    [rule({ explode: null }), value, /expr\[0\]: unknown statement "explode"; known are match, accept/],
    [rule({ accept: 1 }), value, /expr\[0\]\.accept: takes no value but null/],
    [rule({ jump: {} }), type, /jump\.target: must be a string, not undefined/],
    [match(saddr, '10.0.0.1', '~'), value, /match\.op: "~" is not one of/],
    [
      match({ payload: { protocol: 'ip', field: 'colour' } }, 1),
      value,
      /ip has no field "colour"; it has version, hdrlength/,
    ],
    [
      match({ payload: { protocol: 'ipx', field: 'colour' } }, 1),
      value,
      /payload\.protocol: "ipx" is not one of ether/,
    ],
    [match({ colour: 1 }, 1), value, /match\.left: unknown expression "colour"/],
    [match(dport, 65536), value, /match\.right: 65536 does not fit in 16 bits/],
    [match(dport, '@nowhere'), value, /match\.right: no set or map "nowhere"/],
    [match({ meta: { key: 'colour' } }, 1), value, /meta\.key: "colour" is not one of/],
    [match({ meta: { key: 'iifname' } }, 'a-name-that-is-too-long'), value, /is not a name of 1 to 15 bytes/],
    [
      match({ ct: { key: 'state' } }, ['new', 'old'], 'in'),
      value,
      /match\.right\[1\]: "old" is not a flag of ct_state; known are invalid/,
    ],
    [match({ ct: { key: 'ip saddr' } }, '10.0.0.1'), value, /needs "dir"/],
    [
      rule(
        { match: { op: '==', left: dport, right: 80 } },
        { match: { op: '==', left: { payload: { protocol: 'udp', field: 'dport' } }, right: 80 } },
      ),
      value,
      /conflicting protocols: tcp, then udp/,
    ],
    [
      rule({ mangle: { key: { meta: { key: 'mark' } }, value: 'x' } }),
      value,
      /mangle\.value: "x" is not a value of type mark/,
    ],
    [rule({ snat: { addr: '10.0.0.1', flags: 'quick' } }), value, /snat\.flags: "quick" is not one of random/],
    [rule({ dnat: {} }), value, /needs an addr or a port/],
    [rule({ log: { prefix: 'x', level: 'loud' } }), value, /log\.level: "loud" is not one of emerg/],
  ])('%j', (command, code, message) => {
    assert.throws(() => compile(command), { name: 'TypeError', code, message });
  });
});

describe('what the kernel adds to a rule', () => {
  it('is not listed: one address is a range from it to itself, and flags that follow from registers', () => {
    const { rule: listed } = decompileRule({
      family: 'ip',
      table: 't',
      chain: 'c',
      expressions: [
        { type: 'immediate', dreg: 1, data: { value: Uint8Array.of(10, 0, 0, 1) } },
        { type: 'immediate', dreg: 2, data: { value: Uint8Array.of(0, 80) } },
        {
          type: 'nat',
          kind: 'dnat',
          family: 'ip',
          regAddrMin: 1,
          regAddrMax: 1,
          regProtoMin: 2,
          regProtoMax: 2,
          flags: ['map-ips', 'proto-specified'],
        },
      ],
    });
    assert.deepEqual(listed['expr'], [{ dnat: { addr: '10.0.0.1', port: 80 } }]);
  });
});

describe('packed elements', () => {
  const info = (keyType: number, keyLen: number, dataType?: number, dataLen?: number): SetDefinition => ({
    family: 'ip',
    table: 't',
    name: 's',
    keyType,
    keyLen,
    ...(dataType === undefined ? {} : { dataType, dataLen: dataLen as number, flags: ['map'] }),
  });

  it('packs keys and data side by side', () => {
    const packed = packElements(info(7, 4, 7, 4), [
      ['203.0.113.7', '10.0.0.5'],
      ['203.0.113.8', '10.0.0.6'],
    ]);
    assert.deepEqual([hex(packed.rows), packed.keyLen, packed.dataLen], ['cb0071070a000005cb0071080a000006', 4, 4]);
    assert.equal(hex(packElements(info(7, 4, 7, 4), ['203.0.113.7'], {}, true).rows), 'cb007107');
    assert.equal(hex(packElements(info(8, 16), ['::1']).rows), `${'00'.repeat(15)}01`);
    assert.equal(
      hex(packElements(info(0x1cd, 8), [{ concat: ['1.1.1.1', 80] }, ['2.2.2.2', 81]]).rows),
      '01010101005000000202020200510000',
    );
  });

  it('says which entry is wrong', () => {
    const code = 'ERR_INVALID_ARG_VALUE';
    assert.throws(() => packElements(info(7, 4), ['1.1.1.1', '1.1.1']), {
      code,
      message: 'entries[1]: "1.1.1" is not an IPv4 address',
    });
    assert.throws(() => packElements(info(7, 4, 7, 4), [['1.1.1.1', 'x']]), {
      code,
      message: 'entries[0][1]: "x" is not an IPv4 address',
    });
    assert.throws(() => packElements(info(7, 4, 7, 4), ['1.1.1.1']), {
      code: 'ERR_INVALID_ARG_TYPE',
      message: /^entries\[0\]: must be \[key, value\]/,
    });
    assert.equal(canPack({ ...info(7, 4), flags: ['interval'] }), false);
  });
});
