import type { NftObject } from './nft.js';

/**
 * What nft 1.0.6 leaves out of its JSON and netloom does not: comments of tables and chains, the flag `dynamic` and `auto-merge` of sets, a
 * chain's devices, all but the first statement of an element (later nft prints the first three), the bytes of iptables' extensions.
 */
export function asNft106(objects: readonly object[]): NftObject[] {
  return (objects as NftObject[]).map((object) => {
    const [[kind, body]] = Object.entries(object) as [[string, Readonly<Record<string, unknown>>]];
    const { comment: _, dev: __, ...rest } = body;
    if (kind === 'table' || kind === 'chain') return { [kind]: rest };
    if (kind === 'rule') return { rule: { ...body, expr: (body['expr'] as object[]).map(xtAsNft) } };
    if (kind !== 'set' && kind !== 'map' && kind !== 'meter') return object;
    const { flags, 'auto-merge': ___, ...plain } = body;
    const said = Array.isArray(flags) ? flags.filter((flag) => flag !== 'dynamic') : [];
    return { [kind]: said.length === 0 ? plain : { ...plain, flags: said } };
  });
}

/** Without what iptables' extension is made of. */
function xtAsNft(statement: Readonly<{ xt?: { type: string; name: string } }>): object {
  const { xt } = statement;
  return xt === undefined ? statement : { xt: { type: xt.type, name: xt.name } };
}
