/** What there is of a router's port forwardings, and what turns it into what is wanted. */
import type { FlowDestination } from '../conntrack/filter.js';
import { checkIpv4, formatIpv4, readIpv4, writeIpv4 } from '../ip.js';
import type { CallOptions, Request } from '../netlink/channel.js';
import type { Netns } from '../netns/netns.js';
import { columnsRequest, rowsRequest } from '../nftables/rows.js';
import { type Forwarding, protocolNumbers, rangeText } from './forwardings.js';
import { exchange, type RowChange } from './row-changes.js';
import { forwardMap } from './ruleset.js';
import type { PortForwarding } from './spec.js';
import type { State } from './state.js';
import type { Change } from './steps.js';
import { table } from './table-builder.js';
import type { Wanted } from './wanted.js';

/** One port of an address, and where it leads. */
export interface ForwardedPort {
  readonly floatingAddress: string;
  readonly protocol: PortForwarding['protocol'];
  readonly port: number;
  readonly fixedAddress: string;
  readonly fixedPort: number;
}

/** Bytes of a row. Each field begins at four: address, protocol, port; address, port. */
const keySize = 12;
const rowSize = 20;

/** Rows of the map; the map must be there. */
export async function readForwardings(netns: Netns, limits: CallOptions): Promise<Uint8Array> {
  return (await netns.nft.rows('ip', table, forwardMap, limits)) ?? new Uint8Array(0);
}

export function forwardedPorts(rows: Uint8Array): ForwardedPort[] {
  return Array.from({ length: rows.length / rowSize }, (_, at) => portOf(rows.subarray(at * rowSize)));
}

export interface ForwardingChanges {
  /** For the transaction that also makes or alters the tables. */
  readonly rows: readonly RowChange[];
  /** Rows of a map that is made anew when the tables' changes are taken back. */
  readonly restored: readonly (readonly Request[])[];
  /** Whose flows are out of date. */
  readonly forget: readonly FlowDestination[];
  /** Addresses that the changes tell of. */
  readonly addresses: () => ReadonlySet<number>;
  readonly changes: () => Change[];
}

/** `replaced`: the table is made anew by the same transaction. */
export function forwardingChanges(
  { forwardings }: Wanted,
  { forwardings: present }: State,
  replaced: boolean,
): ForwardingChanges {
  const wanted = rowsOf(forwardings);
  const have = byKey(present ?? new Uint8Array(0));
  const want = byKey(wanted);
  const gone: Uint8Array[] = [];
  const added: Uint8Array[] = [];
  const altered: (readonly [before: Uint8Array, after: Uint8Array])[] = [];
  for (const [key, row] of want) {
    const before = have.get(key);
    if (!before) added.push(row);
    else if (Buffer.compare(before, row) !== 0) altered.push([before, row]);
  }
  for (const [key, row] of have) if (!want.has(key)) gone.push(row);
  const before = altered.map(([row]) => row);
  const after = altered.map(([, row]) => row);
  const made = present === undefined || replaced;
  const removed = want.size === 0;
  const kept = !made && !removed;
  const away = [...gone, ...before];
  return {
    rows: kept ? exchange(change, away, [...added, ...after], true) : exchange(change, [], [...want.values()], false),
    restored: present && (replaced || removed) ? [change('new', [...have.values()])] : [],
    forget: away.map((row) => ({
      address: formatIpv4(readIpv4(row)),
      protocol: row[4] as number,
      port: portAt(row, 8),
    })),
    addresses: () => new Set([...away, ...added].map((row) => readIpv4(row))),
    changes: () => [
      ...told('delete', gone.map(portOf)),
      ...toldAltered(altered.map(([one, other]) => [portOf(one), portOf(other)])),
      ...told('create', added.map(portOf)),
    ],
  };
}

function rowsOf(forwardings: readonly Forwarding[]): Uint8Array {
  const count = forwardings.reduce((sum, { ports }) => sum + ports.to - ports.from + 1, 0);
  const rows = new Uint8Array(count * rowSize);
  const view = new DataView(rows.buffer);
  let at = 0;
  for (const { floatingAddress, protocol, ports, fixedAddress, fixedPorts } of forwardings) {
    const floating = checkIpv4(floatingAddress, 'floatingAddress');
    const fixed = checkIpv4(fixedAddress, 'fixedAddress');
    for (let port = ports.from; port <= ports.to; port++, at += rowSize) {
      writeIpv4(rows, at, floating);
      rows[at + 4] = protocolNumbers[protocol];
      view.setUint16(at + 8, port);
      writeIpv4(rows, at + 12, fixed);
      view.setUint16(at + 16, fixedPorts.from + port - ports.from);
    }
  }
  return rows;
}

function byKey(rows: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  for (let at = 0; at < rows.length; at += rowSize) {
    const row = rows.subarray(at, at + rowSize);
    found.set(Buffer.from(row.buffer, row.byteOffset, keySize).toString('latin1'), row);
  }
  return found;
}

function change(verb: 'new' | 'del', rows: readonly Uint8Array[]): Request[] {
  if (rows.length === 0) return [];
  const key = { column: 0, size: keySize };
  const data = verb === 'new' ? { data: { column: 0, offset: keySize, size: rowSize - keySize } } : {};
  return [
    columnsRequest(rows.length, [{ bytes: Buffer.concat(rows), width: rowSize }]),
    rowsRequest(verb, { family: 'ip', table, set: forwardMap, key, ...data }),
  ];
}

const portAt = (row: Uint8Array, at: number): number => ((row[at] as number) << 8) | (row[at + 1] as number);

function portOf(row: Uint8Array): ForwardedPort {
  const number = row[4];
  const known = Object.entries(protocolNumbers).find(([, value]) => value === number);
  return {
    floatingAddress: formatIpv4(readIpv4(row)),
    protocol: (known?.[0] ?? String(number)) as PortForwarding['protocol'],
    port: portAt(row, 8),
    fixedAddress: formatIpv4(readIpv4(row, 12)),
    fixedPort: portAt(row, 16),
  };
}

/** Ports side by side that lead to ports side by side, as one forwarding each. */
export function joined(ports: readonly ForwardedPort[]): Forwarding[] {
  return runs(ports.map((port) => [port])).map((run) => rangeOf(run.map(([port]) => port as ForwardedPort)));
}

function told(action: 'create' | 'delete', ports: readonly ForwardedPort[]): Change[] {
  return joined(ports).map((one) => ({
    action,
    kind: 'port-forwarding',
    subject: `${sourceText(one)} -> ${targetText(one)}`,
  }));
}

function toldAltered(pairs: readonly (readonly [ForwardedPort, ForwardedPort])[]): Change[] {
  return runs(pairs).map((run) => {
    const before = rangeOf(run.map(([one]) => one as ForwardedPort));
    const after = rangeOf(run.map(([, one]) => one as ForwardedPort));
    const detail = `${targetText(before)} -> ${targetText(after)}`;
    return { action: 'update', kind: 'port-forwarding', subject: sourceText(before), detail };
  });
}

const sourceText = ({ floatingAddress, protocol, ports }: Forwarding): string =>
  `${floatingAddress} ${protocol} ${rangeText(ports)}`;
const targetText = ({ fixedAddress, fixedPorts }: Forwarding): string => `${fixedAddress} ${rangeText(fixedPorts)}`;

/** Cuts a list where one does not follow the other. */
function runs<Row extends readonly ForwardedPort[]>(rows: readonly Row[]): Row[][] {
  const order = (one: ForwardedPort): string =>
    `${one.floatingAddress} ${one.protocol} ${String(one.port).padStart(5, '0')}`;
  const sorted = rows.map((row) => ({ row, key: order(row[0] as ForwardedPort) }));
  sorted.sort((a, b) => (a.key < b.key ? -1 : 1));
  const found: Row[][] = [];
  for (const { row } of sorted) {
    const last = found.at(-1)?.at(-1);
    if (last && row.every((port, at) => follows(last[at] as ForwardedPort, port))) found.at(-1)?.push(row);
    else found.push([row]);
  }
  return found;
}

function follows(one: ForwardedPort, next: ForwardedPort): boolean {
  return (
    next.floatingAddress === one.floatingAddress &&
    next.protocol === one.protocol &&
    next.fixedAddress === one.fixedAddress &&
    next.port === one.port + 1 &&
    next.fixedPort === one.fixedPort + 1
  );
}

function rangeOf(run: readonly ForwardedPort[]): Forwarding {
  const [first, last] = [run[0] as ForwardedPort, run.at(-1) as ForwardedPort];
  const { floatingAddress, protocol, fixedAddress } = first;
  return {
    floatingAddress,
    protocol,
    ports: { from: first.port, to: last.port },
    fixedAddress,
    fixedPorts: { from: first.fixedPort, to: last.fixedPort },
  };
}
