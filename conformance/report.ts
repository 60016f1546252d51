/** What a run says: a line for each category, and each miss in full. */
import type { Outcome } from './run.js';

interface Count {
  /** Of these, so many compile alike. */
  compiled: number;
  ofCompiled: number;
  decompiled: number;
  ofDecompiled: number;
  /** The same of what nft lists and cannot read. */
  readBack: number;
  ofReadBack: number;
  neither: number;
  netloom: number;
}

function countOf(outcomes: readonly Outcome[]): Count {
  const count = { compiled: 0, ofCompiled: 0, decompiled: 0, ofDecompiled: 0, readBack: 0, ofReadBack: 0 };
  const refused = { neither: 0, netloom: 0 };
  for (const { taken, compile, decompile } of outcomes) {
    if (taken === 'neither' || taken === 'netloom') {
      refused[taken]++;
      continue;
    }
    count.ofDecompiled++;
    if (decompile === undefined) count.decompiled++;
    const [of, done] = taken === 'nft' ? (['ofCompiled', 'compiled'] as const) : (['ofReadBack', 'readBack'] as const);
    count[of]++;
    if (compile === undefined) count[done]++;
  }
  return { ...count, ...refused };
}

const share = (part: number, whole: number): number => (whole === 0 ? 1 : part / whole);

export function totalsOf(outcomes: readonly Outcome[]): { readonly compile: number; readonly decompile: number } {
  const { compiled, ofCompiled, decompiled, ofDecompiled } = countOf(outcomes);
  return { compile: share(compiled, ofCompiled), decompile: share(decompiled, ofDecompiled) };
}

const percent = (part: number, whole: number): string => `${(share(part, whole) * 100).toFixed(2)} %`;

export function tableOf(outcomes: readonly Outcome[]): string {
  const groups = new Map<string, Outcome[]>();
  for (const outcome of outcomes) {
    const group = groups.get(outcome.item.category);
    if (group === undefined) groups.set(outcome.item.category, [outcome]);
    else group.push(outcome);
  }
  const lines = [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, group]) => line(name, countOf(group)));
  const head = ['', 'rules', 'compile', 'decompile', 'read back', 'refused', 'by nft alone'];
  return format([head, ...lines, line('all', countOf(outcomes))]);
}

const line = (name: string, count: Count): string[] => [
  name,
  String(count.ofDecompiled),
  percent(count.compiled, count.ofCompiled),
  percent(count.decompiled, count.ofDecompiled),
  count.ofReadBack === 0 ? '' : `${count.readBack}/${count.ofReadBack}`,
  String(count.neither + count.netloom),
  count.netloom === 0 ? '' : String(count.netloom),
];

function format(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const text = rows.map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))));
  return `${text.map((row) => row.join('  ').trimEnd()).join('\n')}\n`;
}

export function missesOf(outcomes: readonly Outcome[]): string {
  const blocks: string[] = [];
  for (const { item, taken, refusal, json, compile, decompile } of outcomes) {
    const head = `${item.category}: ${item.place.name}: ${item.text ?? ''}`;
    const given = `json: ${JSON.stringify(json)}`;
    if (refusal?.includes('nft crashed')) blocks.push(`CRASH ${head}\n${given}\nnft: ${refusal}\n`);
    if (taken === 'netloom') blocks.push(`ACCEPTED ${head}\n${given}\nnft: ${refusal}\n`);
    if (compile)
      blocks.push(
        `${taken === 'text' ? 'READ BACK' : 'COMPILE'} ${head}\n${given}\n- ${indent(compile.expected)}\n+ ${indent(compile.got)}\n`,
      );
    if (decompile) blocks.push(`DECOMPILE ${head}\n- ${indent(decompile.expected)}\n+ ${indent(decompile.got)}\n`);
  }
  return blocks.map((block) => `${block}\n`).join('');
}

const indent = (text: string): string => text.replaceAll('\n', '\n  ');
