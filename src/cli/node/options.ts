/** The arguments of `netloom plan` and `netloom apply`. */
import { parseArgs } from 'node:util';

export interface NodeCommandOptions {
  /** '-' is standard input. */
  readonly file: string;
  /** Where the bridges are, by name; else the process's own namespace. */
  readonly host: string | undefined;
  readonly json: boolean;
}

export const nodeUsage = `  plan FILE   what apply would do: + created, ~ updated, - deleted; FILE is a node's description in JSON, - for standard input
  apply FILE  makes networks and routers what the description says, and removes what is no longer in it

    --netns NAME       the namespace that bridges are in (default: the process's own)
    --json             one object, for a program

    Both end with 0 where all is well, apply with 1 where a part failed (and was taken back), and with 2 where the description
    cannot be; plan --exit-code ends with 3 where there is something to do.`;

/** @throws Error in one line. */
export function parseNode(args: readonly string[]): NodeCommandOptions & { readonly exitCode: boolean } {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      netns: { type: 'string' },
      json: { type: 'boolean', default: false },
      'exit-code': { type: 'boolean', default: false },
    },
  });
  const [file, ...rest] = positionals;
  if (file === undefined) throw new Error("no file is given ('-' for standard input)");
  if (rest.length > 0) throw new Error(`one file at a time, not also '${rest[0]}'`);
  return { file, host: values.netns, json: values.json, exitCode: values['exit-code'] };
}
