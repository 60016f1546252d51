import { NetlinkError } from '../errors.js';
import type { CallOptions, Request } from '../netlink/channel.js';
import { operation } from '../netlink/codec.js';
import type { Nft } from './nft.js';
import { columnsRequest, rowsRequest } from './rows.js';
import type { Expression, Family, Rule } from './wire.js';

/** Sets and maps of one table, and how many elements they are to have room for. */
export interface Resize {
  readonly family: Family;
  readonly table: string;
  readonly names: readonly string[];
  readonly size: number;
}

/** How often it is begun anew when the ruleset changes under it. */
const attempts = 10;

/**
 * Makes sets and maps larger. A set's size is fixed when it is made, so it is made anew under its name, with its elements,
 * and the rules that use it are put back where they stood: in one transaction, so that no packet sees anything between, and only
 * if nothing has changed since its elements were read. `more` joins the transaction.
 */
export async function resizeSets(
  nft: Nft,
  resizes: readonly Resize[],
  more: readonly Request[] = [],
  options?: CallOptions,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    // All in one submission, the generation first: what is read is at least as new.
    const [generation, ...replaced] = await Promise.all([
      nft.generation(options),
      ...resizes.map((resize) => replacement(nft, resize, options)),
    ]);
    try {
      return await nft.commit([...replaced.flat(), ...more], options, undefined, generation);
    } catch (error) {
      if (!(error instanceof NetlinkError) || error.code !== 'ERESTART' || attempt === attempts) throw error;
    }
  }
}

async function replacement(
  nft: Nft,
  { family, table, names, size }: Resize,
  options: CallOptions | undefined,
): Promise<Request[]> {
  const [sets, allRules, ...elements] = await Promise.all([
    nft.sets(family, table, options),
    nft.rules(family, table, options),
    ...names.map((name) => nft.rows(family, table, name, options)),
  ]);
  const rules = allRules.filter((rule) => rule.table === table);
  const uses = (rule: Rule): boolean =>
    (rule.expressions ?? []).some(
      (expression: Expression) => expression.type === 'lookup' && names.includes(expression.set),
    );
  const subject = `${family} ${table}`;
  const request = (name: string, wire: object): Request => ({
    operation: operation(name),
    wire: wire as Request['wire'],
    subject,
  });
  return [
    ...rules.filter(uses).map(({ chain, handle }) => request('nft.delrule', { family, table, chain, handle })),
    ...names.flatMap((name, at) => {
      const definition = sets.find((set) => set.name === name);
      if (!definition) throw new NetlinkError({ errno: 2, syscall: 'NFT_MSG_GETSET', subject: `${subject} ${name}` });
      const { handle: _, count: __, ...rest } = definition;
      const made = { ...rest, family, id: at + 1, desc: { ...rest.desc, size } };
      const { keyLen = 0, dataLen = 0, flags } = definition;
      const data = flags?.includes('map') ? { column: 0, offset: keyLen, size: dataLen } : undefined;
      const width = keyLen + (data?.size ?? 0);
      const bytes = elements[at];
      if (!bytes) throw new TypeError(`${subject} ${name}: its elements have more to them than keys and data`);
      return [
        request('nft.delset', { family, table, name }),
        request('nft.createset', made),
        columnsRequest(bytes.length / width, [{ bytes, width }]),
        rowsRequest('new', {
          family,
          table,
          set: name,
          setId: at + 1,
          key: { column: 0, size: keyLen },
          ...(data ? { data } : {}),
        }),
      ];
    }),
    ...placed(rules, uses).map(({ rule, after }) => {
      const { handle: _, position: __, ...rest } = rule;
      return after === undefined
        ? request('nft.insertrule', rest)
        : request('nft.addrule', { ...rest, position: after });
    }),
  ];
}

/**
 * Where each rule goes back: after the last one before it that stays, or at its chain's head. The last comes first, as
 * each is put directly behind the same neighbour.
 */
function placed(rules: readonly Rule[], moves: (rule: Rule) => boolean): { rule: Rule; after: number | undefined }[] {
  const last = new Map<string, number>();
  const places: { rule: Rule; after: number | undefined }[] = [];
  for (const rule of rules) {
    if (moves(rule)) places.push({ rule, after: last.get(rule.chain) });
    else if (rule.handle !== undefined) last.set(rule.chain, rule.handle);
  }
  return places.reverse();
}
