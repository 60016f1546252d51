/** The arguments of `netloom demo`. */
import { parseArgs } from 'node:util';
import type { DemoOptions } from './demo.js';

export const demoUsage = `  demo  two tenants with overlapping addresses, routers, floating IPs and traffic, on this machine's kernel

    --json             one object, for a program
    --plain            lines without colour or movement
    --keep             leave it up and say how to look around
    --no-compare       without the same work by \`ip -batch\` and \`nft -f\`
    --count N          floating IPs to churn: 1 to 50000 (default 10000)
    --binding HOW      what they live on: address, route or prefix (default prefix)`;

/** @throws Error in one line. */
export function parseDemo(args: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      plain: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      'no-compare': { type: 'boolean', default: false },
      count: { type: 'string', default: '10000' },
      binding: { type: 'string', default: 'prefix' },
    },
  });
  const count = /^\d+$/.test(values.count) ? Number(values.count) : 0;
  if (count < 1 || count > 50_000) throw new Error(`--count takes 1 to 50000, not '${values.count}'`);
  const { binding, json, plain, keep } = values;
  if (binding !== 'address' && binding !== 'route' && binding !== 'prefix') {
    throw new Error(`--binding takes address, route or prefix, not '${binding}'`);
  }
  return { json, plain, keep, compare: !values['no-compare'], count, binding };
}
