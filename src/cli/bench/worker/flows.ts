/** The first packets of new flows, sent by the floor's tool: a JavaScript clock would measure its own event loop. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Netns } from '../../../index.js';
import type { Measured } from './run.js';

const flows = 2000;
const port = 5000;

export async function probeFlows(client: Netns, server: Netns, destination: string): Promise<Measured> {
  // The harness says where the floor is, when it could be built.
  const tool = process.env['NETLOOM_BENCH_FLOOR'];
  if (!tool) return { skip: 'the floor program, which sends the packets, is not there' };
  const path = ({ fd }: Netns): string => `/proc/${process.pid}/fd/${fd}`;
  const args = ['--client-ns', path(client), '--server-ns', path(server), '--destination', destination];
  const sent = promisify(execFile)(tool, ['flows', ...args, '--port', String(port), '--count', String(flows)], {
    timeout: 60_000,
  });
  sent.child.stdin?.end();
  const { stdout } = await sent;
  const { value, unit, error } = JSON.parse(stdout) as { value?: number; unit?: string; error?: string };
  if (value === undefined || unit === undefined) throw new Error(error ?? `the floor's tool said ${stdout.trim()}`);
  return { value, unit };
}
