/** Names that the machine and the namespace give to numbers: of interfaces, users, groups. */

import { readFileSync } from 'node:fs';
import type { Names } from './datatypes.js';

export interface Interface {
  readonly name: string;
  readonly index: number;
}

/**
 * Makes something with the names that it asks for. The namespace's interfaces are listed only if one is asked for, and then it is made
 * anew: so what is made must have no effects.
 */
export async function withNames<T>(
  make: (names: Names) => T,
  interfaces: () => Promise<readonly Interface[]>,
): Promise<T> {
  let asked = false;
  const ask = (): undefined => {
    asked = true;
  };
  try {
    const made = make({ ...accounts, interfaceIndex: ask, interfaceName: ask });
    if (!asked) return made;
  } catch (error) {
    if (!asked) throw error;
  }
  const list = await interfaces();
  const indexes = new Map(list.map(({ name, index }) => [name, index]));
  const names = new Map(list.map(({ name, index }) => [index, name]));
  return make({
    ...accounts,
    interfaceIndex: (name) => indexes.get(name),
    interfaceName: (index) => names.get(index),
  });
}

const accounts: Names = {
  userId: (name) => numberIn('/etc/passwd', name),
  groupId: (name) => numberIn('/etc/group', name),
};

/** The third field of the line that begins with the name, as passwd(5) and group(5) have it. */
function numberIn(file: string, name: string): number | undefined {
  try {
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      const fields = line.split(':');
      if (fields[0] === name && /^\d+$/.test(fields[2] ?? '')) return Number(fields[2]);
    }
  } catch {
    // Without the file there are no names.
  }
  return undefined;
}
