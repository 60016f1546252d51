/** Words of ethtool(8) that are not the kernel's own names of features. */

/** One feature under an older name. */
const renamed: Readonly<Record<string, string>> = {
  'rx-checksumming': 'rx-checksum',
  'generic-segmentation-offload': 'tx-generic-segmentation',
  'generic-receive-offload': 'rx-gro',
  'large-receive-offload': 'rx-lro',
  'rx-vlan-offload': 'rx-vlan-hw-parse',
  'tx-vlan-offload': 'tx-vlan-hw-insert',
  'ntuple-filters': 'rx-ntuple-filter',
  'receive-hashing': 'rx-hashing',
};

/** Several: a pattern, as in fnmatch(3), that their names match. */
const groups: Readonly<Record<string, string>> = {
  'tx-checksumming': 'tx-checksum-*',
  'scatter-gather': 'tx-scatter-gather*',
  'tcp-segmentation-offload': 'tx-tcp*-segmentation',
};

const byKernelName: ReadonlyMap<string, string> = new Map(Object.entries(renamed).map(([word, name]) => [name, word]));

/** What a word of ethtool's stands for: a pattern of the kernel's names. */
export function patternOf(word: string): string {
  return (Object.hasOwn(renamed, word) && renamed[word]) || (Object.hasOwn(groups, word) && groups[word]) || word;
}

/** The word that ethtool prints for a name of the kernel's. */
export function wordOf(name: string): string {
  return byKernelName.get(name) ?? name;
}

/** Groups, each with a test of the kernel's names. */
export const groupTests: readonly (readonly [word: string, matches: (name: string) => boolean])[] = Object.entries(
  groups,
).map(([word, pattern]) => {
  const expression = new RegExp(`^${pattern.replace('*', '.*')}$`);
  return [word, (name) => expression.test(name)];
});
