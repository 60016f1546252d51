/** conntrack(8) in a namespace, and what it prints, compared. */
import { type NamedNetns, run } from './namespaces.js';

export function conntrack(netns: NamedNetns, ...args: string[]): string {
  return run('ip', 'netns', 'exec', netns.name, 'conntrack', ...args);
}

/** Lines of `conntrack -L -o extended`, without what differs from one look to the next. */
export function printed(netns: NamedNetns, ...args: string[]): string[] {
  return conntrack(netns, '-L', '-o', 'extended', ...args)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) =>
      line
        .replace(/^(\S+ +\d+ \S+ +\d+) \d+/, '$1')
        .replace(/ (use|id|delta-time)=\d+/g, '')
        .replace(/ +/g, ' ')
        .trim(),
    )
    .sort();
}

/** Ids of the flows that conntrack lists, in order. */
export function ids(netns: NamedNetns, ...args: string[]): number[] {
  return [...conntrack(netns, '-L', '-o', 'id', ...args).matchAll(/ id=(\d+)$/gm)]
    .map(([, id]) => Number(id))
    .sort((a, b) => a - b);
}
