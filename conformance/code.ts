/** What `nft --debug=netlink list ruleset` prints, rule by rule. */

interface Block {
  readonly head: string;
  readonly lines: string[];
}

/** What comes before the ruleset in nft's own language: rules and sets, each a line that says whose it is, and more behind it. */
function readBlocks(printed: string): Block[] {
  const start = printed.search(/^table /m);
  const blocks: Block[] = [];
  for (const line of (start < 0 ? printed : printed.slice(0, start)).split('\n')) {
    if (/^\S/.test(line)) blocks.push({ head: line, lines: [] });
    else if (line !== '') blocks.at(-1)?.lines.push(line);
  }
  // Elements of a hash come in an order of its own.
  for (const { head, lines } of blocks) if (head.includes('@')) lines.sort();
  return blocks;
}

/** A rule's expressions by its comment. Anonymous sets stand in full where they are looked up, since their names depend on what else there is. */
export function readCode(printed: string): Map<string, string> {
  const blocks = readBlocks(printed);
  const sets = new Map<string, string>();
  for (const { head, lines } of blocks) {
    const name = /@(__\w+)/.exec(head)?.[1];
    if (name !== undefined) sets.set(name, lines.join('\n'));
  }
  const rules = new Map<string, string>();
  for (const { head, lines } of blocks) {
    if (head.includes('@')) continue;
    const id = commentOf(lines.at(-1) ?? '');
    if (id === undefined) continue;
    const code = lines
      .slice(0, -1)
      .map((line) =>
        line.replace(/\b(__(?:set|map))\d+\b/, (name, kind: string) => `${kind}\n${sets.get(name) ?? ''}\n `),
      );
    rules.set(id, code.join('\n'));
  }
  return rules;
}

/** By the table's family and name: sets, rules without handles, and the table in nft's own language. */
export function readTables(printed: string): Map<string, string> {
  const tables = new Map<string, string>();
  const add = (name: string, text: string): void => {
    tables.set(name, `${tables.get(name) ?? ''}${text}\n`);
  };
  for (const { head, lines } of readBlocks(printed)) {
    const [family, table, what] = head.split(' ');
    add(`${family} ${table}`, [`${family} ${what}`, ...lines].join('\n'));
  }
  const start = printed.search(/^table /m);
  for (const text of start < 0 ? [] : printed.slice(start).split(/^(?=table )/m))
    add(text.split(' ').slice(1, 3).join(' '), text);
  return tables;
}

/** `userdata = { \x00\x04r12\x00 }`: the length is a control character as long as names are short. */
const commentOf = (line: string): string | undefined => /\\x00\\x[01][0-9a-f](\w+)\\x00 \}/.exec(line)?.[1];
