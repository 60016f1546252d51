/** Files in which the machine gives names to numbers, read as nft(8) reads them: when a name is asked for, and once. */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Database, NumberNames, SystemNames } from './datatypes.js';

/** The machine's names as they are now. A file is read when its first name is asked for. */
export function systemNames(): SystemNames {
  const read = new Map<Database, NumberNames>();
  return (database) => {
    let names = read.get(database);
    if (names === undefined) {
      names = readers[database]();
      read.set(database, names);
    }
    return names;
  };
}

const readers: Readonly<Record<Database, () => NumberNames>> = {
  protocols: () => named(linesOf('/etc/protocols').flatMap(protocolLine)),
  services: () => named(linesOf('/etc/services').flatMap(serviceLine).sort(byTransport).map(withoutTransport)),
  marks: () => named(symbolTable('/etc/iproute2/rt_marks')),
  realms: () => named(symbolTable('/etc/iproute2/rt_realms')),
  deviceGroups: () => named(symbolTable('/etc/iproute2/group')),
  labels: () => named(symbolTable('/etc/connlabel.conf')),
  users: () => named(linesOf('/etc/passwd').flatMap(accountLine)),
  groups: () => named(linesOf('/etc/group').flatMap(accountLine)),
  cgroups: () => ({ numberOf: cgroupId, nameOf: (id) => cgroupPath(CGROUPS, id) }),
};

type Entry = readonly [name: string, number: number];

/** The first of a number's names is its name, the first of a name's numbers its number. */
function named(entries: readonly Entry[]): NumberNames {
  const numbers = new Map<string, number>();
  const names = new Map<number, string>();
  for (const [name, number] of entries) {
    if (!numbers.has(name)) numbers.set(name, number);
    if (!names.has(number)) names.set(number, name);
  }
  return { numberOf: (name) => numbers.get(name), nameOf: (number) => names.get(number) };
}

/** Without the file there are no names. */
function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}

const wordsOf = (line: string): readonly string[] => line.replace(/#.*$/, '').split(/\s+/).filter(Boolean);

/** protocols(5): name, number, aliases. */
function protocolLine(line: string): readonly Entry[] {
  const [name, number, ...aliases] = wordsOf(line);
  if (name === undefined || number === undefined || !/^\d+$/.test(number)) return [];
  return [name, ...aliases].map((word): Entry => [word, Number(number)]);
}

const transports = ['tcp', 'udp', 'dccp', 'sctp'];

/** services(5): name, port/transport, aliases. */
function serviceLine(line: string): readonly Service[] {
  const [name, place, ...aliases] = wordsOf(line);
  const match = /^(\d+)\/(\w+)$/.exec(place ?? '');
  if (name === undefined || match === null) return [];
  const rank = transports.indexOf(match[2]!);
  return [name, ...aliases].map((word): Service => [word, Number(match[1]), rank < 0 ? transports.length : rank]);
}

type Service = readonly [name: string, port: number, transport: number];

/** getaddrinfo(3) asks for one transport after the other. */
const byTransport = (a: Service, b: Service): number => a[2] - b[2];

const withoutTransport = ([name, port]: Service): Entry => [name, port];

/** A number, decimal or in hexadecimal, and its name; nothing more from the first line on that is something else. */
function symbolTable(file: string): readonly Entry[] {
  const entries: Entry[] = [];
  for (const line of linesOf(file)) {
    const text = line.trim();
    if (text === '' || text.startsWith('#')) continue;
    const match = /^(0x[0-9a-f]+|\d+)\s+(\S+)/i.exec(text);
    if (match === null) break;
    entries.push([match[2]!, Number(match[1]) % 2 ** 32]);
  }
  return entries;
}

/** passwd(5) and group(5): the number is the third field. */
function accountLine(line: string): readonly Entry[] {
  const [name, , number] = line.split(':');
  return name !== undefined && /^\d+$/.test(number ?? '') ? [[name, Number(number)]] : [];
}

const CGROUPS = '/sys/fs/cgroup';

/** A control group's number is that of its folder. */
function cgroupId(path: string): number | undefined {
  try {
    return path === '' || path.includes('\0') ? undefined : statSync(join(CGROUPS, path)).ino;
  } catch {
    return undefined;
  }
}

/** The folder of that number, by its path below the root. */
function cgroupPath(folder: string, id: number): string | undefined {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      const path = join(folder, entry.name);
      if (statSync(path).ino === id) return path.slice(CGROUPS.length + 1);
      const below = cgroupPath(path, id);
      if (below !== undefined) return below;
    }
  } catch {
    // No such file system, or a group that has just gone.
  }
  return undefined;
}
