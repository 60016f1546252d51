import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Topology,
  type TopologySpec,
  toDot,
  toMermaid,
  topologyOf,
  toSvg,
  toTerminal,
  type VmDescription,
} from '../src/index.js';
import { library } from './helpers/programs.js';
import { overlaps, parse, parseAll, textsOf, type XmlElement } from './helpers/svg.js';

const uuid = (start: string): string => `${start}-7c1e-4a55-9f0e-0c5a51d1a001`;

/** Two tenants with the same addresses on one bridge, told apart by tags. */
const tenants: TopologySpec = {
  routers: [
    {
      id: uuid('1f8ac2d0'),
      gateway: {
        id: '3a90c1f2-7d',
        bridge: 'br-ex',
        addresses: ['203.0.113.10/24', '2001:db8:f::10/64'],
        nexthops: ['203.0.113.1'],
      },
      interfaces: [{ id: '52b7e6a4-19', bridge: 'br-int', addresses: ['10.0.0.1/24', 'fd00:a::1/64'] }],
      floatingIps: [{ floatingAddress: '203.0.113.101', fixedAddress: '10.0.0.11' }],
    },
    {
      id: uuid('9c44b7e1'),
      gateway: { id: 'c81d20ee-4b', bridge: 'br-ex', addresses: ['203.0.113.20/24', '2001:db8:f::20/64'] },
      interfaces: [{ id: '0f6a93d5-c2', bridge: 'br-int', addresses: ['10.0.0.1/24', 'fd00:b::1/64'] }],
      floatingIps: [
        { floatingAddress: '203.0.113.201', fixedAddress: '10.0.0.11' },
        { floatingAddress: '203.0.113.202', fixedAddress: '10.0.0.12' },
      ],
    },
  ],
  vms: [
    {
      name: 'outside',
      ports: [{ bridge: 'br-ex', peer: 'outside', addresses: ['203.0.113.1/24', '2001:db8:f::1/64'] }],
    },
    ...['red-1', 'red-2', 'blue-1', 'blue-2'].map((name) => ({
      name,
      ports: [{ bridge: 'br-int', peer: name, addresses: [`10.0.0.1${name.at(-1)}/24`] }],
    })),
  ],
  shared: [
    { bridge: 'br-int', name: 'red', tag: 1, ports: ['tap52b7e6a4-19', 'red-1', 'red-2'] },
    { bridge: 'br-int', name: 'blue', tag: 2, ports: ['tap0f6a93d5-c2', 'blue-1', 'blue-2'] },
  ],
};
const topology = topologyOf(tenants);

/** One router, one network, one of each kind. */
const small = topologyOf({
  routers: [
    {
      id: uuid('1f8ac2d0'),
      gateway: { id: 'gate', bridge: 'br-ex', addresses: ['203.0.113.10/24'], nexthops: ['203.0.113.1'] },
      interfaces: [
        { id: 'inner', bridge: 'brq-1', addresses: ['10.0.0.1/24'], mtu: 1450 },
        { id: 'loose', addresses: ['10.9.0.1/24'] },
      ],
      floatingIps: [{ floatingAddress: '203.0.113.101', fixedAddress: '10.0.0.11' }],
    },
  ],
  networks: [
    {
      id: uuid('77aa0000'),
      bridge: 'brq-1',
      subnets: [{ cidr: '10.0.0.0/24' }],
      dhcp: { portId: 'dhcpport', addresses: ['10.0.0.2/24'] },
    },
  ],
  vms: [{ name: 'web', ports: [{ bridge: 'brq-1', peer: 'tapweb', addresses: ['10.0.0.11/24'] }] }],
});

describe('toTerminal', () => {
  const draw = (columns: number, unicode = true): string => `\n${toTerminal(topology, { columns, unicode })}\n`;

  test('at 80 columns', () => {
    expect(draw(80)).toMatchInlineSnapshot(`
      "
                                    ╭──────────────────╮
                                    │ outside          │
                                    │ 203.0.113.1/24   │
                                    │ 2001:db8:f::1/64 │
                                    ╰─────────┬────────╯
                                              │
       ┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┷━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓
       ┃ br-ex                                                                       ┃
       ┃ 203.0.113.0/24  2001:db8:f::/64                                             ┃
       ┗━━━━━━━━━━━━━━━━━━┯━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┯━━━━━━━━━━━━━━━━━━┛
                          │                                       │
        ╭─────────────────┴─────────────────╮   ╭─────────────────┴─────────────────╮
        │ qrouter-1f8ac2d0…                 │   │ qrouter-9c44b7e1…                 │
        │ qg-3a90c1f2-7d  203.0.113.10/24   │   │ qg-c81d20ee-4b  203.0.113.20/24   │
        │                 2001:db8:f::10/64 │   │                 2001:db8:f::20/64 │
        │ qr-52b7e6a4-19  10.0.0.1/24       │   │ qr-0f6a93d5-c2  10.0.0.1/24       │
        │                 fd00:a::1/64      │   │                 fd00:b::1/64      │
        │ ⇄ 1 floating IP                   │   │ ⇄ 2 floating IPs                  │
        ╰─────────────────┬─────────────────╯   ╰─────────────────┬─────────────────╯
                          │                                       │
       ┏━━━━━━━━━━━━━━━━━━┷━━━━━━━━━━━━━━━━━━┓ ┏━━━━━━━━━━━━━━━━━━┷━━━━━━━━━━━━━━━━━━┓
       ┃ red  br-int tag 1                   ┃ ┃ blue  br-int tag 2                  ┃
       ┃ 10.0.0.0/24  fd00:a::/64            ┃ ┃ 10.0.0.0/24  fd00:b::/64            ┃
       ┗━━━━━━━━┯━━━━━━━━━━━━━━━━━━━┯━━━━━━━━┛ ┗━━━━━━━━┯━━━━━━━━━━━━━━━━━━━┯━━━━━━━━┛
                │                   │                   │                   │
       ╭────────┴────────╮ ╭────────┴────────╮ ╭────────┴────────╮ ╭────────┴────────╮
       │ red-1           │ │ red-2           │ │ blue-1          │ │ blue-2          │
       │ 10.0.0.11/24    │ │ 10.0.0.12/24    │ │ 10.0.0.11/24    │ │ 10.0.0.12/24    │
       │ ⇄ 203.0.113.101 │ │ ⇄ none          │ │ ⇄ 203.0.113.201 │ │ ⇄ 203.0.113.202 │
       ╰─────────────────╯ ╰─────────────────╯ ╰─────────────────╯ ╰─────────────────╯
          ⇄ floating IP   ⇄ none: seen outside as the gateway address
      "
    `);
  });

  test('in ASCII', () => {
    expect(draw(80, false)).toMatchInlineSnapshot(`
      "
                                    +------------------+
                                    | outside          |
                                    | 203.0.113.1/24   |
                                    | 2001:db8:f::1/64 |
                                    +---------+--------+
                                              |
       +======================================+======================================+
       | br-ex                                                                       |
       | 203.0.113.0/24  2001:db8:f::/64                                             |
       +==================+=======================================+==================+
                          |                                       |
        +-----------------+-----------------+   +-----------------+-----------------+
        | qrouter-1f8ac2d0...               |   | qrouter-9c44b7e1...               |
        | qg-3a90c1f2-7d  203.0.113.10/24   |   | qg-c81d20ee-4b  203.0.113.20/24   |
        |                 2001:db8:f::10/64 |   |                 2001:db8:f::20/64 |
        | qr-52b7e6a4-19  10.0.0.1/24       |   | qr-0f6a93d5-c2  10.0.0.1/24       |
        |                 fd00:a::1/64      |   |                 fd00:b::1/64      |
        | * 1 floating IP                   |   | * 2 floating IPs                  |
        +-----------------+-----------------+   +-----------------+-----------------+
                          |                                       |
       +==================+==================+ +==================+==================+
       | red  br-int tag 1                   | | blue  br-int tag 2                  |
       | 10.0.0.0/24  fd00:a::/64            | | 10.0.0.0/24  fd00:b::/64            |
       +========+===================+========+ +========+===================+========+
                |                   |                   |                   |
       +--------+--------+ +--------+--------+ +--------+--------+ +--------+--------+
       | red-1           | | red-2           | | blue-1          | | blue-2          |
       | 10.0.0.11/24    | | 10.0.0.12/24    | | 10.0.0.11/24    | | 10.0.0.12/24    |
       | * 203.0.113.101 | | * none          | | * 203.0.113.201 | | * 203.0.113.202 |
       +-----------------+ +-----------------+ +-----------------+ +-----------------+
          * floating IP   * none: seen outside as the gateway address
      "
    `);
  });

  test('as a tree when narrow', () => {
    expect(draw(60)).toMatchInlineSnapshot(`
      "
      br-ex  203.0.113.0/24  2001:db8:f::/64
      ├─ outside  203.0.113.1/24  2001:db8:f::1/64
      ├─ qrouter-1f8ac2d0…  ⇄ 1 floating IP
      │  ├─ qg-3a90c1f2-7d  203.0.113.10/24  2001:db8:f::10/64
      │  └─ qr-52b7e6a4-19  10.0.0.1/24  fd00:a::1/64
      │     └─ red  br-int tag 1  10.0.0.0/24  fd00:a::/64
      │        ├─ red-1  10.0.0.11/24  ⇄ 203.0.113.101
      │        └─ red-2  10.0.0.12/24  ⇄ none
      └─ qrouter-9c44b7e1…  ⇄ 2 floating IPs
         ├─ qg-c81d20ee-4b  203.0.113.20/24  2001:db8:f::20/64
         └─ qr-0f6a93d5-c2  10.0.0.1/24  fd00:b::1/64
            └─ blue  br-int tag 2  10.0.0.0/24  fd00:b::/64
               ├─ blue-1  10.0.0.11/24  ⇄ 203.0.113.201
               └─ blue-2  10.0.0.12/24  ⇄ 203.0.113.202

      ⇄ floating IP
      ⇄ none: seen outside as the gateway address
      "
    `);
  });

  test('as a tree when very narrow, in ASCII', () => {
    expect(draw(32, false)).toMatchInlineSnapshot(`
      "
      br-ex  203.0.113.0/24
      |  2001:db8:f::/64
      |- outside  203.0.113.1/24
      |     2001:db8:f::1/64
      |- qrouter-1f8ac2d0...
      |  |  * 1 floating IP
      |  |- qg-3a90c1f2-7d
      |  |     203.0.113.10/24
      |  |     2001:db8:f::10/64
      |  \`- qr-52b7e6a4-19
      |     |  10.0.0.1/24
      |     |  fd00:a::1/64
      |     \`- red  br-int tag 1
      |        |  10.0.0.0/24
      |        |  fd00:a::/64
      |        |- red-1  10.0.0.11/24
      |        |     * 203.0.113.101
      |        \`- red-2  10.0.0.12/24
      |              * none
      \`- qrouter-9c44b7e1...
         |  * 2 floating IPs
         |- qg-c81d20ee-4b
         |     203.0.113.20/24
         |     2001:db8:f::20/64
         \`- qr-0f6a93d5-c2
            |  10.0.0.1/24
            |  fd00:b::1/64
            \`- blue  br-int tag 2
               |  10.0.0.0/24
               |  fd00:b::/64
               |- blue-1  10.0.0.11/24
               |     * 203.0.113.201
               \`- blue-2  10.0.0.12/24
                     * 203.0.113.202

      * floating IP
      * none: seen outside as the g...
      "
    `);
  });

  test('with a port that no bridge holds', () => {
    expect(`\n${toTerminal(small, { columns: 80 })}\n`).toMatchInlineSnapshot(`
      "
       ┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓
       ┃ br-ex                                 ┃
       ┃ 203.0.113.0/24                        ┃
       ┗━━━━━━━━━━━━━━━━━━━┯━━━━━━━━━━━━━━━━━━━┛
                           │
             ╭─────────────┴─────────────╮
             │ qrouter-1f8ac2d0…         │
             │ qg-gate   203.0.113.10/24 │
             │ qr-inner  10.0.0.1/24     │
             │ qr-loose unplugged        │
             │ ⇄ 1 floating IP           │
             ╰─────────────┬─────────────╯
                           │
       ┏━━━━━━━━━━━━━━━━━━━┷━━━━━━━━━━━━━━━━━━━┓
       ┃ brq-1                                 ┃
       ┃ 10.0.0.0/24                           ┃
       ┗━━━━━━━━┯━━━━━━━━━━━━━━━━━━━━━┯━━━━━━━━┛
                │                     │
       ╭────────┴────────╮   ╭────────┴────────╮
       │ qdhcp-77aa0000… │   │ web             │
       │ 10.0.0.2/24     │   │ 10.0.0.11/24    │
       │                 │   │ ⇄ 203.0.113.101 │
       ╰─────────────────╯   ╰─────────────────╯
          ⇄ floating IP
      "
    `);
  });

  test('with more VMs than fit beside each other, and more routers', () => {
    const [router] = tenants.routers ?? [];
    if (!router?.gateway) throw new Error('unreachable');
    const { gateway } = router;
    const many = topologyOf({
      routers: [1, 2, 3].map((number) => ({
        id: `r${number}`,
        gateway: { ...gateway, id: `g${number}`, addresses: [`203.0.113.${number}/24`] },
        interfaces: [{ id: `i${number}`, bridge: `brq-${number}`, addresses: ['10.0.0.1/24'] }],
      })),
      vms: [1, 2, 3, 4, 5].map((number) => ({
        name: `vm-${number}`,
        ports: [{ bridge: 'brq-1', addresses: [`10.0.0.1${number}/24`] }],
      })),
    });
    expect(`\n${toTerminal(many, { columns: 80 })}\n`).toMatchInlineSnapshot(`
      "
       ┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓
       ┃ br-ex                                                           ┃
       ┃ 203.0.113.0/24                                                  ┃
       ┣━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┯━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛
       ┃                                  │
       ┃                      ╭───────────┴───────────╮
       ┃                      │ qrouter-r1            │
       ┃                      │ qg-g1  203.0.113.1/24 │
       ┃                      │ qr-i1  10.0.0.1/24    │
       ┃                      ╰───────────┬───────────╯
       ┃                                  │
       ┃   ┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┷━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓
       ┃   ┃ brq-1                                                       ┃
       ┃   ┃ 10.0.0.0/24                                                 ┃
       ┃   ┗┯━━━━━━━━━━━━━━━━━━━━━┯━━━━━━━━━━━━━━━━━━━━━┯━━━━━━━━━━━━━━━━┛
       ┃    │                     │                     │
       ┃    │ ╭──────────────╮    │ ╭──────────────╮    │ ╭──────────────╮
       ┃    │ │ vm-1         │    │ │ vm-3         │    │ │ vm-5         │
       ┃    ├─┤ 10.0.0.11/24 │    ├─┤ 10.0.0.13/24 │    ╰─┤ 10.0.0.15/24 │
       ┃    │ │ ⇄ none       │    │ │ ⇄ none       │      │ ⇄ none       │
       ┃    │ ╰──────────────╯    │ ╰──────────────╯      ╰──────────────╯
       ┃    │ ╭──────────────╮    │ ╭──────────────╮
       ┃    │ │ vm-2         │    │ │ vm-4         │
       ┃    ╰─┤ 10.0.0.12/24 │    ╰─┤ 10.0.0.14/24 │
       ┃      │ ⇄ none       │      │ ⇄ none       │
       ┃      ╰──────────────╯      ╰──────────────╯
       ┃
       ┣━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓
       ┃ br-ex                                                   ┃
       ┃ 203.0.113.0/24                                          ┃
       ┗━━━━━━━━━━━━━━━┯━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┯━━━━━━━━━━━┛
                       │                             │
           ╭───────────┴───────────╮     ╭───────────┴───────────╮
           │ qrouter-r2            │     │ qrouter-r3            │
           │ qg-g2  203.0.113.2/24 │     │ qg-g3  203.0.113.3/24 │
           │ qr-i2  10.0.0.1/24    │     │ qr-i3  10.0.0.1/24    │
           ╰───────────┬───────────╯     ╰───────────┬───────────╯
                       │                             │
                ┏━━━━━━┷━━━━━━┓               ┏━━━━━━┷━━━━━━┓
                ┃ brq-2       ┃               ┃ brq-3       ┃
                ┃ 10.0.0.0/24 ┃               ┃ 10.0.0.0/24 ┃
                ┗━━━━━━━━━━━━━┛               ┗━━━━━━━━━━━━━┛
          ⇄ floating IP   ⇄ none: seen outside as the gateway address
      "
    `);
  });

  test('is no wider than the terminal, and says the same in colour', () => {
    fc.assert(
      fc.property(anyTopology(), fc.integer({ min: 1, max: 200 }), fc.boolean(), (any, columns, unicode) => {
        const plain = toTerminal(any, { columns, unicode });
        const cells = (line: string): number => [...line].length + (line.match(/虛/g)?.length ?? 0);
        for (const line of plain.split('\n')) expect(cells(line)).toBeLessThanOrEqual(columns);
        expect(stripVTControlCharacters(toTerminal(any, { columns, unicode, color: true }))).toBe(plain);
      }),
      { numRuns: 60 },
    );
    expect(toTerminal(topology, { color: true })).toContain('\x1b[32m⇄ 203.0.113.101\x1b[39m');
  });

  test.each([0, 1.5, '80'])('refuses %j columns', (columns) => {
    expect(() => toTerminal(topology, { columns: columns as number })).toThrow(/options\.columns/);
  });
});

test('toMermaid', () => {
  expect(`\n${toMermaid(small)}`).toMatchInlineSnapshot(`
    "
    flowchart TB
      n1(["br-ex<br/>203.0.113.0/24"]):::external
      n2{{"qrouter-1f8ac2d0…<br/>⇄ 1 floating IP<br/>default via 203.0.113.1<br/>qr-loose unplugged"}}:::router
      n3[["brq-1<br/>10.0.0.0/24"]]:::network
      n4("qdhcp-77aa0000…"):::dhcp
      n5["web<br/>⇄ 203.0.113.101"]:::vm
      n3 ---|"tapdhcpport<br/>10.0.0.2/24"| n4
      n1 ---|"qg-gate · tapgate<br/>203.0.113.10/24"| n2
      n2 ---|"qr-inner · tapinner<br/>10.0.0.1/24<br/>mtu 1450"| n3
      n3 ---|"eth0 · tapweb<br/>10.0.0.11/24"| n5
      classDef external fill:#1d4ed8,stroke:#1d4ed8,color:#fff
      classDef router fill:#fff,stroke:#64748b,stroke-width:2px,color:#0f172a
      classDef network fill:#0f766e,stroke:#0f766e,color:#fff
      classDef dhcp fill:#f1f5f9,stroke:#94a3b8,color:#0f172a
      classDef vm fill:#fff,stroke:#94a3b8,color:#0f172a
    "
  `);
});

test('toDot', () => {
  expect(`\n${toDot(small)}`).toMatchInlineSnapshot(`
    "
    graph topology {
      graph [rankdir=TB nodesep=0.4 ranksep=0.7]
      node [fontname="Helvetica" fontsize=11]
      edge [fontname="Helvetica" fontsize=9 color="#94a3b8"]
      "external:br-ex" [label="br-ex\\n203.0.113.0/24" shape=box style="filled,rounded" fillcolor="#1d4ed8" color="#1d4ed8" fontcolor="#ffffff"]
      "router:1f8ac2d0-7c1e-4a55-9f0e-0c5a51d1a001" [label="qrouter-1f8ac2d0…\\n⇄ 1 floating IP\\ndefault via 203.0.113.1\\nqr-loose unplugged" shape=box style="filled,rounded" fillcolor="#ffffff" color="#64748b" penwidth=2]
      "network:brq-1" [label="brq-1\\n10.0.0.0/24" shape=box style="filled,rounded" fillcolor="#0f766e" color="#0f766e" fontcolor="#ffffff"]
      "dhcp:77aa0000-7c1e-4a55-9f0e-0c5a51d1a001" [label="qdhcp-77aa0000…" shape=box style="filled" fillcolor="#f1f5f9" color="#94a3b8"]
      "vm:web" [label="web\\n⇄ 203.0.113.101" shape=box style="filled" fillcolor="#ffffff" color="#94a3b8"]
      "network:brq-1" -- "dhcp:77aa0000-7c1e-4a55-9f0e-0c5a51d1a001" [label="tapdhcpport\\n10.0.0.2/24"]
      "external:br-ex" -- "router:1f8ac2d0-7c1e-4a55-9f0e-0c5a51d1a001" [label="qg-gate · tapgate\\n203.0.113.10/24"]
      "router:1f8ac2d0-7c1e-4a55-9f0e-0c5a51d1a001" -- "network:brq-1" [label="qr-inner · tapinner\\n10.0.0.1/24\\nmtu 1450"]
      "network:brq-1" -- "vm:web" [label="eth0 · tapweb\\n10.0.0.11/24"]
    }
    "
  `);
});

const hostile = '"]; click n1 "x" <b>&amp;\\N#quot;`**|\u0007\n%%{init}%%';

function withNames(names: readonly string[]): Topology {
  return topologyOf({
    routers: [{ id: 'r', gateway: { id: 'g', bridge: 'br-ex', addresses: ['203.0.113.1/24'] } }],
    vms: names.map((name) => ({ name, ports: [{ bridge: 'br-ex', addresses: [] }] })),
  });
}

describe('names that look like markup', () => {
  test('stay text in Mermaid', () => {
    const [line] = toMermaid(withNames([hostile]))
      .split('\n')
      .filter((one) => one.includes('click'));
    expect(line).toBe(
      '  n3["#34;#93;#59; click n1 #34;x#34; #60;b#62;#38;amp#59;#92;N#35;quot#59;#96;#42;#42;#124; #37;#37;#123;init#125;#37;#37;"]:::host',
    );
  });

  test.skipIf(!existsSync('/usr/bin/dot'))('stay text in Graphviz, as Graphviz reads it', () => {
    const dot = toDot(withNames([hostile]));
    expect(dot.split('\n').filter((line) => line.includes('click'))).toHaveLength(2);
    const graph = JSON.parse(execFileSync('dot', ['-Tdot_json'], { input: dot, encoding: 'utf8' }));
    const named = (graph.objects as { name: string; label: string }[]).filter(({ name }) => name.startsWith('host:'));
    expect(named).toHaveLength(1);
    const svg = execFileSync('dot', ['-Tsvg'], { input: dot, encoding: 'utf8' });
    expect(textsOf(svg)).toContain('"]; click n1 "x" <b>&amp;\\N#quot;`**| %%{init}%%');
  });

  test('stay text in SVG, whatever they hold', () => {
    const anyName = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(fc.uniqueArray(anyName, { minLength: 50, maxLength: 200 }), (names) => {
        const svg = toSvg(withNames([hostile, ...names]), { title: `${names.join()}\ud800\u0000` });
        expect(parse(svg).filter(({ tag }) => tag === 'b' || tag === 'script')).toEqual([]);
      }),
      { numRuns: 4, endOnFailure: true },
    );
  });
});

describe('toSvg', () => {
  test('says all that there is', () => {
    const texts = parse(toSvg(small))
      .filter(({ tag }) => tag === 'text')
      .map(({ text }) => text);
    expect(texts.sort()).toEqual(
      [
        ...['br-ex', '203.0.113.0/24', 'brq-1', '10.0.0.0/24'],
        ...['qrouter-1f8ac2d0…', '⇄ 1 floating IP', 'default via 203.0.113.1', 'qr-loose unplugged'],
        ...['qg-gate', '203.0.113.10/24', 'qr-inner', '10.0.0.1/24', 'mtu 1450'],
        ...['qdhcp-77aa0000…', '10.0.0.2/24', 'tapdhcpport'],
        ...['web', '10.0.0.11/24', '⇄ 203.0.113.101', 'eth0 · tapweb'],
      ].sort(),
    );
  });

  test('needs nothing from elsewhere, follows the reader’s light or dark, and is the same each time', () => {
    const svg = toSvg(topology);
    expect(svg).toBe(toSvg(topologyOf(tenants)));
    expect(svg).toContain('prefers-color-scheme:dark');
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|<script|@import|url\(|<image/);
  });

  test('draws nothing over anything else', () => {
    const drawing = fc.tuple(anyTopology(), fc.constantFrom(undefined, 400, 1500));
    fc.assert(
      fc.property(fc.array(drawing, { minLength: 20, maxLength: 60 }), (drawings) => {
        const svgs = drawings.map(([any, maxWidth]) => toSvg(any, maxWidth === undefined ? {} : { maxWidth }));
        expect(parseAll(svgs).flatMap(overlaps)).toEqual([]);
      }),
      { numRuns: 5, endOnFailure: true },
    );
  });

  test('draws 200 routers in rows, no wider than screens are', () => {
    const routers = Array.from({ length: 200 }, (_, at) => ({
      id: `r${at}`,
      gateway: { id: `g${at}`, bridge: 'br-ex', addresses: [`10.255.0.${at + 1}/16`] },
      interfaces: [{ id: `i${at}`, bridge: `brq-${at}`, addresses: ['10.0.0.1/24'] }],
    }));
    const svg = toSvg(topologyOf({ routers }));
    const [root] = parse(svg) as [XmlElement];
    const ratio = Number(root.attributes['width']) / Number(root.attributes['height']);
    expect(ratio).toBeGreaterThan(1);
    expect(ratio).toBeLessThan(3);
    expect(svg.match(/\(continued\)/g)?.length).toBeGreaterThan(3);
    expect(overlaps(parse(svg))).toEqual([]);
  });

  test('draws the picture of the documentation from the snippet there', () => {
    const page = readFileSync(new URL('../docs/topology.md', import.meta.url), 'utf8');
    const [, snippet = ''] = /```js\n(.*?)```/s.exec(page) ?? [];
    const folder = mkdtempSync(join(tmpdir(), 'netloom-'));
    try {
      const code = snippet.replace("'netloom'", JSON.stringify(library));
      execFileSync(process.execPath, ['--input-type=module', '-e', code], { cwd: folder });
      const picture = readFileSync(new URL('../docs/topology.svg', import.meta.url), 'utf8');
      expect(readFileSync(join(folder, 'topology.svg'), 'utf8')).toBe(picture);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('draws nothing at all', () => {
    expect(parse(toSvg(topologyOf({}))).map(({ tag }) => tag)).toContain('rect');
  });
});

// --- topologies of all shapes ---

/** Routers on several external networks that share some of their networks, with VMs here and there. */
function anyTopology(): fc.Arbitrary<Topology> {
  const bridge = fc.constantFrom('brq-1', 'brq-2', 'brq-3', 'brq-4', 'brq-5');
  const router = fc.record({
    external: fc.constantFrom(undefined, 'br-ex', 'br-ex', 'br-public'),
    bridges: fc.uniqueArray(bridge, { maxLength: 4 }),
    mtu: fc.constantFrom(1500, 1450),
  });
  const vm = fc.record({
    name: fc.string({ unit: fc.constantFrom('w', 'i', '虛', 'e', '-', 'M'), minLength: 1, maxLength: 12 }),
    bridges: fc.uniqueArray(fc.oneof(bridge, fc.constant('br-ex')), { minLength: 1, maxLength: 2 }),
  });
  return fc
    .record({
      routers: fc.array(router, { maxLength: 7 }),
      vms: fc.uniqueArray(vm, { maxLength: 14, selector: ({ name }) => name }),
    })
    .map(({ routers, vms }) =>
      topologyOf({
        routers: routers.map(({ external, bridges, mtu }, at) => ({
          id: `r${at}`,
          ...(external === undefined
            ? {}
            : {
                gateway: {
                  id: `g${at}`,
                  bridge: external,
                  addresses: [`203.0.113.${at + 2}/24`, `2001:db8:1234:5678:9abc:def0:1234:${at}/64`],
                },
              }),
          interfaces: bridges.map((name, port) => ({
            id: `i${at}-${port}`,
            bridge: name,
            mtu,
            addresses: [`10.${name.at(-1)}.0.${at + 1}/24`],
          })),
        })),
        vms: vms.map(
          ({ name, bridges }, at): VmDescription => ({
            name,
            ports: bridges.map((on) => ({ bridge: on, peer: `tap${at}`, addresses: [`10.0.0.${at + 100}/24`] })),
          }),
        ),
      }),
    );
}
