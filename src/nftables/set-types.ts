/**
 * What a set's keys and data are. The kernel keeps nft's number of a datatype, which says nothing of how long an `integer` is, or in which
 * order its bytes stand: that is in the set's user data, as a byte order, or as the expression that the set is `typeof`.
 */

import { toNumber } from './bytes.js';
import { ctTypeOf } from './ct.js';
import { keyLength, type Type, typeOf, typesOfId } from './datatypes.js';
import { type ExtensionOp, extensions } from './extensions.js';
import { metaTypeOf } from './meta.js';
import { type Attribute, decode, findNumber, setAttribute } from './userdata.js';
import type { SetDefinition } from './wire.js';

type Definition = Pick<SetDefinition, 'keyType' | 'keyLen' | 'dataType' | 'dataLen' | 'flags' | 'userdata'>;

export function keyTypesOf({ keyType = 0, keyLen = 0, userdata }: Definition): readonly Type[] {
  return typesOf(keyType, keyLen, userdata, setAttribute.keyByteorder, setAttribute.keyTypeof);
}

/** Of maps to values. */
export function dataTypesOf({
  dataType = 0,
  dataLen = 0,
  flags,
  userdata,
}: Omit<Definition, 'keyType' | 'keyLen'>): readonly Type[] | undefined {
  if (flags?.includes('map') !== true) return undefined;
  const ranges = findNumber(userdata, setAttribute.dataInterval) === 1;
  const length = ranges ? dataLen / 2 : dataLen;
  return typesOf(dataType, length, userdata, setAttribute.dataByteorder, setAttribute.dataTypeof);
}

/** nft's byte orders: 0 unknown, which it takes for network order, 1 host, 2 network. */
const HOST = 1;

function typesOf(
  id: number,
  length: number,
  userdata: Uint8Array | undefined,
  orderAttribute: number,
  typeofAttribute: number,
): readonly Type[] {
  const types = typesOfId(id, length);
  if (!types.some(isInteger)) return types;
  if (types.length === 1) {
    const host = findNumber(userdata, orderAttribute) === HOST;
    return [{ ...types[0]!, order: host ? 'host' : 'big' }];
  }
  const fields = fieldsOf(userdata, typeofAttribute);
  const found = types.map((type, i) => (isInteger(type) ? (fields[i] ?? type) : type));
  return keyLength(found) === length ? found : types;
}

/** Whether a header is there nft lists of a set as it lists the header's first field. */
export function presenceAsField(types: readonly Type[], userdata: Uint8Array | undefined): readonly Type[] {
  if (!types.some(isBoolean)) return types;
  const described = decode(userdata).find(({ type }) => type === setAttribute.keyTypeof)?.value;
  const fields =
    findNumber(described, 0) === kinds.concat ? nestedIn(described).map(({ value }) => value) : [described];
  return types.map((type, i) => {
    const field = fields[i];
    if (!isBoolean(type) || findNumber(field, 0) !== kinds.exthdr) return type;
    return { ...type, datatype: numberOf(kinds.exthdr, nestedIn(field))?.datatype ?? type.datatype };
  });
}

const isBoolean = ({ datatype }: Type): boolean => datatype.name === 'boolean';

const isInteger = ({ datatype }: Type): boolean => datatype.name === 'integer';

/** nft's numbers for expressions. */
const kinds = {
  payload: 7,
  exthdr: 8,
  meta: 9,
  socket: 10,
  ct: 12,
  concat: 13,
  numgen: 23,
  hash: 24,
  rt: 25,
  xfrm: 27,
} as const;

/** The numbers that a concatenation's fields are; undefined are other types, and what is not known here. */
function fieldsOf(userdata: Uint8Array | undefined, attribute: number): readonly (Type | undefined)[] {
  const described = decode(userdata).find(({ type }) => type === attribute)?.value;
  if (findNumber(described, 0) !== kinds.concat) return [];
  const fields: (Type | undefined)[] = [];
  for (const { type, value } of nestedIn(described)) fields[type] = numberOf(findNumber(value, 0), nestedIn(value));
  return fields;
}

const nestedIn = (bytes: Uint8Array | undefined): readonly Attribute[] =>
  decode(decode(bytes).find(({ type }) => type === 1)?.value);

function numberOf(kind: number | undefined, attributes: readonly Attribute[]): Type | undefined {
  const number = (type: number): number | undefined => {
    const value = attributes.find((attribute) => attribute.type === type)?.value;
    return value?.length === 4 ? toNumber(value, 'host') : undefined;
  };
  switch (kind) {
    case kinds.payload: {
      const bits = number(4);
      return bits === undefined ? undefined : typeOf('integer', bits, 'big');
    }
    case kinds.exthdr:
      return extensionType(number(0) ?? 0, number(1) ?? 0, number(2) ?? 0);
    case kinds.meta:
      return metaTypeOf(number(0) ?? -1);
    case kinds.ct:
      return ctTypeOf(number(0) ?? -1);
    case kinds.numgen:
    case kinds.hash:
      return typeOf('integer', 32, 'host');
    case kinds.rt:
      return typeOf('integer', 16, 'host');
    case kinds.socket:
      return typeOf('integer', 8, 'host');
    case kinds.xfrm:
      return typeOf('integer', 32, number(0) === XFRM_SPI ? 'big' : 'host');
    default:
      return undefined;
  }
}

/** NFT_XFRM_KEY_SPI */
const XFRM_SPI = 6;

/** nft's own numbers of the extension headers of IPv6; those of options and chunks are the protocol's. */
const headers = ['', 'hbh', 'rt', 'rt0', 'rt2', 'srh', 'frag', 'dst', 'mh'];
/** And of the fields that options of IPv4 have. */
const ipFields = ['', 'type', 'length', 'value', 'ptr', 'addr'];
/** NFT_EXTHDR_OP_* */
const operations: readonly ExtensionOp[] = ['ipv6', 'tcpopt', 'ipv4', 'sctp'];

function extensionType(description: number, index: number, operation: number): Type | undefined {
  const op = operations[operation];
  if (op === undefined) return undefined;
  const header = extensions[op].find(({ name, kind }) =>
    op === 'ipv6' ? name === headers[description] : kind === description,
  );
  if (op === 'ipv6') return header?.fields[index - 1]?.type;
  if (op === 'ipv4') return header?.fields.find(({ name }) => name === ipFields[index])?.type;
  return header?.fields[index]?.type;
}
