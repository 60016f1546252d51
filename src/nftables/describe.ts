/** What a register holds, as a JSON expression: the decompiler's form of payload, meta and ct. */

import { constantJson } from './bitwise.js';
import { isZero } from './bytes.js';
import { ctNamed } from './ct.js';
import { type Names, type Type, typeOf } from './datatypes.js';
import { describeExtension } from './exthdr.js';
import type { MetaKey } from './json.js';
import { metaNamed, metaType } from './meta.js';
import { rawBase } from './payload.js';
import type { Base, Field, Protocol, RawBase } from './protocols.js';
import type { Loaded, RuleReader } from './reader.js';

export interface Described {
  readonly json: unknown;
  readonly type: Type;
  readonly bytes: number;
  readonly shift: number;
  /** Not whole bytes: values stand shifted. */
  readonly field: boolean;
  /** What a rule's author did to the value, in the value's own width. */
  readonly mask?: Uint8Array;
  readonly flip?: Uint8Array;
  readonly header?: { readonly protocol: Protocol; readonly field: Field };
  readonly meta?: MetaKey;
  /** Where the match stands that an option needs. */
  readonly carrier?: Base;
  show(bytes: Uint8Array): unknown;
}

type Selected = Extract<Loaded, { kind: 'selector' }>;

export function describe(reader: RuleReader, loaded: Selected): Described {
  if (loaded.source === 'payload') return describePayload(reader, loaded);
  if (loaded.extension !== undefined) return describeOption(reader, loaded, loaded.extension);
  if (loaded.named !== undefined)
    return { ...plain(loaded.named.json, loaded.named.type, loaded.length, reader.names), ...operations(loaded) };
  const named = loaded.source === 'meta' ? describeMeta(loaded.key) : describeCt(reader, loaded);
  return {
    ...plain(named.json, named.type, loaded.length, reader.names),
    ...operations(loaded),
    ...('meta' in named ? { meta: named.meta as MetaKey } : {}),
  };
}

/** A field of an option, or bits of one that the mask leaves. */
function describeOption(
  { names }: RuleReader,
  loaded: Selected,
  { base, exthdr }: NonNullable<Selected['extension']>,
): Described {
  const carrier = base === undefined ? {} : { carrier: base };
  const unflipped = loaded.xor === undefined || isZero(loaded.xor);
  const run = loaded.mask === undefined || !unflipped ? undefined : runOf(loaded.mask);
  if (run !== undefined) {
    const { field, json, type } = describeExtension(exthdr, (exthdr.offset ?? 0) * 8 + run.first, run.bits);
    if (field !== undefined) {
      const shift = loaded.length * 8 - run.first - run.bits - (loaded.shifted ?? 0);
      return { ...plain(json, type, loaded.length, names), shift, field: true, ...carrier };
    }
  }
  const { json, type } = loaded.named!;
  return { ...plain(json, type, loaded.length, names), ...operations(loaded), ...carrier };
}

/** Where a mask's ones stand, if they stand together. */
function runOf(mask: Uint8Array): { readonly first: number; readonly bits: number } | undefined {
  const text = Array.from(mask, (byte) => byte.toString(2).padStart(8, '0')).join('');
  const match = /^(0*)(1+)0*$/.exec(text);
  return match === null ? undefined : { first: match[1]!.length, bits: match[2]!.length };
}

const operations = (loaded: Selected): Pick<Described, 'mask' | 'flip'> => ({
  ...(loaded.mask === undefined ? {} : { mask: loaded.mask }),
  ...(loaded.xor === undefined || isZero(loaded.xor) ? {} : { flip: loaded.xor }),
});

function plain(json: unknown, type: Type, bytes: number, names: Names): Described {
  return { json, type, bytes, shift: 0, field: false, show: (value) => constantJson(value, type, names) };
}

function describeMeta(wire: string): { readonly json: unknown; readonly type: Type; readonly meta?: MetaKey } {
  const name = metaNamed(wire);
  if (name === undefined) return { json: { meta: { key: wire } }, type: typeOf('integer') };
  const type = metaType(name);
  return { json: { meta: { key: name } }, type: type.bits < 8 ? { ...type, bits: 8 } : type, meta: name };
}

function describeCt(reader: RuleReader, loaded: Selected): { readonly json: unknown; readonly type: Type } {
  const named = ctNamed(loaded.key, reader.family, reader.known.network?.name);
  const direction = loaded.direction === undefined ? {} : { dir: loaded.direction };
  return {
    json: { ct: { key: named?.name ?? loaded.key, ...direction } },
    type: named?.type ?? typeOf('integer', loaded.length * 8),
  };
}

function describePayload(reader: RuleReader, loaded: Selected): Described {
  const offset = loaded.offset * 8;
  const unflipped = loaded.xor === undefined || isZero(loaded.xor);
  const part = loaded.mask === undefined ? undefined : reader.fieldOfMask(loaded.base!, offset, loaded.mask);
  if (part !== undefined && unflipped) return { ...part, shift: part.shift - (loaded.shifted ?? 0) };
  const found = describeFieldAt(reader, loaded.base!, offset, loaded.length * 8, loaded.mask !== undefined);
  if (!found.field) return { ...found, ...operations(loaded) };
  return found;
}

/** The field that is exactly these bits, or, unless it must be whole, begins there and is longer; else raw. */
export function describeFieldAt(
  reader: RuleReader,
  base: RawBase,
  offset: number,
  bits: number,
  whole: boolean = false,
): Described {
  const candidates = reader
    .protocolsAt(base)
    .flatMap((protocol) => protocol.fields.map((field) => ({ protocol, field })))
    .filter(({ field }) => field.offset === offset && reader.hasMessage(field));
  const found =
    candidates.find(({ field }) => field.bits === bits) ??
    (whole ? undefined : candidates.find(({ field }) => field.bits > bits && bits % 8 === 0));
  if (found !== undefined)
    return describeField(found.protocol, found.field, Math.ceil(bits / 8), 0, false, reader.names);
  const type = typeOf('integer', bits, 'big');
  return plain({ payload: { base: rawBase[base], offset, len: bits } }, type, Math.ceil(bits / 8), reader.names);
}

export function describeField(
  protocol: Protocol,
  field: Field,
  bytes: number,
  shift: number,
  partial: boolean,
  names: Names,
): Described {
  return {
    json: { payload: { protocol: protocol.name, field: field.name } },
    type: field.type,
    bytes,
    shift,
    field: partial,
    header: { protocol, field },
    show: (value) => constantJson(value, field.type, names),
  };
}
