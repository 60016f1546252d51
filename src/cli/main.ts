/** The `netloom` command. */
import { parseArgs } from 'node:util';
import { runDemo } from './demo/demo.js';

const usage = `usage: netloom demo [--json] [--plain] [--keep] [--no-compare] [--count N]

  demo      two tenants with overlapping addresses, routers, floating IPs and traffic, on this machine's kernel
    --json    one object for a program
    --plain   lines without colour or movement
    --keep    leave it up and say how to look around
    --no-compare  without the same work by \`ip -batch\` and \`nft -f\`
    --count   floating IPs to churn (default 10000)`;

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      plain: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      'no-compare': { type: 'boolean', default: false },
      count: { type: 'string', default: '10000' },
      help: { type: 'boolean', default: false },
    },
  });
  const count = Number(values.count);
  if (values.help) console.log(usage);
  else if (positionals.length !== 1 || positionals[0] !== 'demo') throw new TypeError('the command is: netloom demo');
  else if (!Number.isInteger(count) || count < 1 || count > 50_000) throw new TypeError('--count takes 1 to 50000');
  else
    process.exitCode = await runDemo({
      json: values.json,
      plain: values.plain,
      keep: values.keep,
      compare: !values['no-compare'],
      count,
    });
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  console.error(`netloom: ${message}`);
  if (code?.startsWith('ERR_PARSE_ARGS') || error instanceof TypeError) console.error(usage);
  process.exitCode = 2;
}
