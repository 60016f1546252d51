/**
 * Matches on neighbouring header bytes become one load and one comparison, where nft does it: `udp sport 50` and
 * `udp dport 60` are four bytes at once. Only matches in an unbroken run: what lies between may have effects.
 */

import { concat } from './bytes.js';
import type { MatchedBytes, Piece } from './context.js';
import type { Expression } from './wire.js';

/** A comparison of up to four bytes is cheaper in the kernel: two of those are joined only into another. */
const FAST = 4;
const REGISTER = 16;

export function mergePieces(all: readonly Piece[]): readonly Expression[] {
  const pieces = all.some(({ redundant }) => redundant)
    ? all.filter(({ redundant }, i) => !redundant || i === all.length - 1)
    : all;
  const expressions: Expression[] = [];
  for (let start = 0; start < pieces.length; ) {
    let end = start;
    while (end < pieces.length && pieces[end]!.match) end++;
    const run = canJoin(pieces, start, end) ? mergeRun(pieces.slice(start, end)) : undefined;
    if (run === undefined) for (let i = start; i < end; i++) expressions.push(...pieces[i]!.expressions);
    else for (const piece of run) expressions.push(...piece.expressions);
    if (end < pieces.length) expressions.push(...pieces[end]!.expressions);
    start = end + 1;
  }
  return expressions;
}

/** Most matches have no neighbour, and are left as they are. */
function canJoin(pieces: readonly Piece[], start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const { payload } = pieces[i]!;
    if (payload === undefined) continue;
    for (let j = start; j < end; j++) {
      const other = pieces[j]!.payload;
      if (other !== undefined && joinable(payload, other)) return true;
    }
  }
  return false;
}

/**
 * The joined match stands where the one with the lowest offset stood; but where the other says what comes next, it stays ahead of
 * what needs that.
 */
function mergeRun(run: readonly Piece[]): readonly Piece[] {
  const loads = run.filter((piece) => piece.payload !== undefined).sort((a, b) => rank(a.payload!) - rank(b.payload!));
  const replaced = new Map<Piece, Piece | undefined>();
  let head: Piece | undefined;
  let joined: MatchedBytes | undefined;
  for (const piece of loads) {
    const payload = piece.payload!;
    if (head !== undefined && joined !== undefined && joinable(joined, payload)) {
      const key = joined.key || payload.key;
      joined = { ...joined, value: concat([joined.value, payload.value]), key };
      const [stays, goes] = payload.key ? [piece, head] : [head, piece];
      replaced.set(stays, matchOf(joined));
      replaced.set(goes, undefined);
      head = stays;
    } else {
      head = piece;
      joined = payload;
    }
  }
  return run.flatMap((piece) => (replaced.has(piece) ? (replaced.get(piece) ?? []) : piece));
}

const bases = ['link', 'network', 'transport', 'inner'];
const rank = (payload: MatchedBytes): number => bases.indexOf(payload.base) * 65536 + payload.offset;

function joinable(a: MatchedBytes, b: MatchedBytes): boolean {
  const total = a.value.length + b.value.length;
  const slower = a.base !== 'link' && a.value.length <= FAST && b.value.length <= FAST && total > FAST;
  return a.base === b.base && a.offset + a.value.length === b.offset && total <= REGISTER && !slower;
}

function matchOf({ base, offset, value }: MatchedBytes): Piece {
  return {
    match: true,
    payload: undefined,
    redundant: false,
    expressions: [
      { type: 'payload', dreg: 1, base, offset, len: value.length },
      { type: 'cmp', sreg: 1, op: 'eq', data: { value } },
    ],
  };
}
