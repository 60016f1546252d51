/** Names that the machine and the namespace give to numbers. */

import { systemNames } from './databases.js';
import type { Names } from './datatypes.js';

export interface Interface {
  readonly name: string;
  readonly index: number;
}

/** What the machine says, where no interface can be asked for. */
export const machineNames = (): Names => ({ system: systemNames() });

/**
 * Makes something with the names that it asks for. The namespace's interfaces are listed only if one is asked for, and then it is made
 * anew: so what is made must have no effects.
 */
export async function withNames<T>(
  make: (names: Names) => T,
  interfaces: () => Promise<readonly Interface[]>,
): Promise<T> {
  const system = systemNames();
  let asked = false;
  const ask = (): undefined => {
    asked = true;
  };
  try {
    const made = make({ system, interfaceIndex: ask, interfaceName: ask });
    if (!asked) return made;
  } catch (error) {
    if (!asked) throw error;
  }
  const list = await interfaces();
  const indexes = new Map(list.map(({ name, index }) => [name, index]));
  const names = new Map(list.map(({ name, index }) => [index, name]));
  return make({
    system,
    interfaceIndex: (name) => indexes.get(name),
    interfaceName: (index) => names.get(index),
  });
}
