import type { NativeNamespace } from '../addon.js';
import { fromNative, invalidType, invalidValue } from '../errors.js';
import { abortable, type CallOptions } from '../netlink/call-options.js';

/**
 * A namespace's own settings under /proc/sys: sysctl(8), Documentation/networking/ip-sysctl. Names are written with dots;
 * where a device's name holds a dot, write the whole name with slashes: `net/ipv4/conf/eth0.1/forwarding`.
 */
export class Sysctl {
  readonly #native: NativeNamespace;
  readonly #netns: string;

  constructor(native: NativeNamespace, netns: string) {
    this.#native = native;
    this.#netns = netns;
  }

  /** Its value as the kernel prints it; of several, theirs, in order. Throws NetlinkError ENOENT for one that is not there. */
  get(name: string, options?: CallOptions): Promise<string>;
  get(names: readonly string[], options?: CallOptions): Promise<string[]>;
  async get(names: string | readonly string[], options?: CallOptions): Promise<string | string[]> {
    const one = typeof names === 'string';
    const values = await this.#apply(
      (one ? [names] : names).map((name) => [pathOf(name), null]),
      options,
    );
    return one ? (values[0] as string) : values;
  }

  /** Sets all, in order. When one is refused, those before it get their old values back. */
  async set(values: SysctlValues, options?: CallOptions): Promise<void> {
    const entries = sysctlEntries(values);
    if (entries.length > 0) await this.#apply(entries, options);
  }

  async #apply(entries: [string, string | null][], options?: CallOptions): Promise<string[]> {
    try {
      return await abortable(() => this.#native.sysctl(entries), options);
    } catch (error) {
      throw fromNative(error, undefined, this.#netns);
    }
  }
}

export type SysctlValues = Readonly<Record<string, string | number | boolean>>;

/** Checks settings, and makes of each the path below /proc/sys and the text to write. */
export function sysctlEntries(values: SysctlValues): [path: string, value: string][] {
  return Object.entries(values).map(([name, value]): [string, string] => {
    if (!['string', 'number', 'boolean'].includes(typeof value)) {
      throw invalidType(`values['${name}']`, 'a string, a number or a boolean', value);
    }
    return [pathOf(name), typeof value === 'boolean' ? String(Number(value)) : String(value)];
  });
}

function pathOf(name: string): string {
  if (typeof name !== 'string') throw invalidType('name', "a setting's name", name);
  const path = name.includes('/') ? name : name.replaceAll('.', '/');
  if (
    !/^net\/./.test(path) ||
    path.split('/').some((part) => part === '' || part === '.' || part === '..') ||
    path.includes('\0')
  ) {
    throw invalidValue('name', "is not a network setting's name, such as 'net.ipv4.ip_forward'", name);
  }
  return path;
}
