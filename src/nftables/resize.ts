import type { Request } from '../netlink/channel.js';
import { operation } from '../netlink/codec.js';
import type { Nft } from './nft.js';
import { columnsRequest, rowsRequest } from './rows.js';
import type { Expression, Family, Rule } from './wire.js';

/**
 * Makes sets and maps larger. A set's size is fixed when it is made, so it is made anew under its name, with its elements,
 * and the rules that use it are put back where they stood: in one transaction, so that no packet sees anything between.
 */
export async function resizeSets(
  nft: Nft,
  family: Family,
  table: string,
  names: readonly string[],
  size: number,
): Promise<void> {
  const definitions = (await nft.sets(family, table)).filter(({ name }) => names.includes(name));
  const elements = await Promise.all(
    definitions.map(async ({ name }) => {
      const rows = await nft.rows(family, table, name);
      if (rows) return rows;
      throw new TypeError(`${family} ${table} ${name}: its elements have more to them than keys and data`);
    }),
  );
  const rules = (await nft.rules(family, table)).filter((rule) => rule.table === table);
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
  await nft.commit([
    ...rules.filter(uses).map(({ chain, handle }) => request('nft.delrule', { family, table, chain, handle })),
    ...definitions.flatMap((definition, at) => {
      const { handle: _, count: __, ...rest } = definition;
      const made = { ...rest, family, id: at + 1, desc: { ...rest.desc, size } };
      const { keyLen = 0, dataLen = 0, flags } = definition;
      const data = flags?.includes('map') ? { column: 0, offset: keyLen, size: dataLen } : undefined;
      const width = keyLen + (data?.size ?? 0);
      const bytes = elements[at] as Uint8Array;
      return [
        request('nft.delset', { family, table, name: definition.name }),
        request('nft.createset', made),
        columnsRequest(bytes.length / width, [{ bytes, width }]),
        rowsRequest('new', {
          family,
          table,
          set: definition.name,
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
  ]);
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
