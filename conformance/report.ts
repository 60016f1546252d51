/** What a run says: a line for each category, and each miss in full. */
import type { Outcome } from './run.js';

interface Count {
  taken: number;
  compiled: number;
  decompiled: number;
  neither: number;
  netloom: number;
}

function countOf(outcomes: readonly Outcome[]): Count {
  const count: Count = { taken: 0, compiled: 0, decompiled: 0, neither: 0, netloom: 0 };
  for (const { taken, compile, decompile } of outcomes) {
    if (taken !== 'nft') {
      count[taken]++;
      continue;
    }
    count.taken++;
    if (compile === undefined) count.compiled++;
    if (decompile === undefined) count.decompiled++;
  }
  return count;
}

const share = (part: number, whole: number): number => (whole === 0 ? 1 : part / whole);

export function totalsOf(outcomes: readonly Outcome[]): { readonly compile: number; readonly decompile: number } {
  const { taken, compiled, decompiled } = countOf(outcomes);
  return { compile: share(compiled, taken), decompile: share(decompiled, taken) };
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
  const head = ['', 'rules', 'compile', 'decompile', 'refused', 'by nft alone'];
  return format([head, ...lines, line('all', countOf(outcomes))]);
}

const line = (name: string, { taken, compiled, decompiled, neither, netloom }: Count): string[] => [
  name,
  String(taken),
  percent(compiled, taken),
  percent(decompiled, taken),
  String(neither + netloom),
  String(netloom),
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
    if (compile) blocks.push(`COMPILE ${head}\n${given}\n- ${indent(compile.expected)}\n+ ${indent(compile.got)}\n`);
    if (decompile) blocks.push(`DECOMPILE ${head}\n- ${indent(decompile.expected)}\n+ ${indent(decompile.got)}\n`);
  }
  return blocks.map((block) => `${block}\n`).join('');
}

const indent = (text: string): string => text.replaceAll('\n', '\n  ');
