/** `{"synproxy": {"mss": 1460, "wscale": 7, "flags": ["timestamp", "sack-perm"]}}`, and synproxies with a name. */

import type { RuleContext } from './context.js';
import { checkObject, checkUint, type JsonObject, stringList } from './errors.js';
import type { RuleReader } from './reader.js';
import type { Expression } from './wire.js';

type Synproxy = Extract<Expression, { type: 'synproxy' }>;

export const synproxyKeys: readonly string[] = ['mss', 'wscale', 'flags'];

export function compileSynproxy(context: RuleContext, value: unknown, path: string): void {
  const object = value === null || value === undefined ? {} : checkObject(value, path, synproxyKeys);
  context.act({ type: 'synproxy', ...synproxyData(object, path) });
}

export function synproxyData(object: JsonObject, path: string): Omit<Synproxy, 'type'> {
  const { mss, wscale, flags } = object;
  const said = flags === undefined ? [] : stringList(flags, `${path}.flags`, ['timestamp', 'sack-perm'] as const);
  return {
    ...(mss === undefined ? {} : { mss: checkUint(mss, `${path}.mss`, 0xffff) }),
    ...(wscale === undefined ? {} : { wscale: checkUint(wscale, `${path}.wscale`, 14) }),
    flags: [
      ...(mss === undefined ? [] : (['mss'] as const)),
      ...(wscale === undefined ? [] : (['wscale'] as const)),
      ...said,
    ],
  };
}

/** A named one has always mss and wscale. */
export function synproxyJson({ mss, wscale, flags = [] }: Omit<Synproxy, 'type'>, named: boolean = false): JsonObject {
  const said = (['timestamp', 'sack-perm'] as const).filter((flag) => flags.includes(flag));
  return {
    ...(named || flags.includes('mss') ? { mss: mss ?? 0 } : {}),
    ...(named || flags.includes('wscale') ? { wscale: wscale ?? 0 } : {}),
    ...(said.length === 0 ? {} : { flags: said }),
  };
}

export function readSynproxy(reader: RuleReader, synproxy: Synproxy): void {
  const body = synproxyJson(synproxy);
  reader.act({ synproxy: Object.keys(body).length === 0 ? null : body });
}
