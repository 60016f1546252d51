import type { NftObject } from './nft.js';

/**
 * What nft 1.0.6 leaves out of its JSON and netloom does not: comments of tables and chains, the flag `dynamic`, a chain's
 * devices, all but the first statement of an element (later nft prints the first three).
 */
export function asNft106(objects: readonly object[]): NftObject[] {
  return (objects as NftObject[]).map((object) => {
    const [[kind, body]] = Object.entries(object) as [[string, Readonly<Record<string, unknown>>]];
    const { comment: _, dev: __, ...rest } = body;
    if (kind === 'table' || kind === 'chain') return { [kind]: rest };
    if (kind !== 'set' && kind !== 'map') return object;
    const { flags, ...plain } = body;
    const said = Array.isArray(flags) ? flags.filter((flag) => flag !== 'dynamic') : [];
    return { [kind]: said.length === 0 ? plain : { ...plain, flags: said } };
  });
}
