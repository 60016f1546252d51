// What set-up says to people: short lines on stderr, the noise of other programs only when they fail.
import { spawn } from 'node:child_process';

// No util.styleText: this must still run, and say what is wrong, on a Node.js that is too old.
const codes = { red: 31, yellow: 33, cyan: 36 };
const colour = process.stderr.isTTY && !process.env.NO_COLOR;
const paint = (name, text) => (colour ? `\x1b[${codes[name]}m${text}\x1b[39m` : text);

export const say = (text) => process.stderr.write(`${paint('cyan', 'netloom')} ${text}\n`);
export const warn = (text) => process.stderr.write(`${paint('yellow', 'netloom')} ${text}\n`);

/** A failure that needs no stack trace: the message says what to do. */
export class Stop extends Error {}

/** Ends the process the way every script here does: one message for a `Stop`, a stack for a bug. */
export async function runMain(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    process.stderr.write(`${paint('red', 'netloom')} ${error.message}\n`);
    process.exitCode = 1;
  }
}

/** Runs a program quietly; when it fails, throws a `Stop` with the last lines of what it printed. */
export async function quietly(title, command, args, options = {}) {
  say(`${title} ...`);
  const started = Date.now();
  const { code, output } = await new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.on('error', (error) => reject(new Stop(`${title}: cannot run ${command}: ${error.message}`)));
    child.on('close', (exit, signal) => resolve({ code: exit ?? signal, output: Buffer.concat(chunks).toString() }));
  });
  if (code !== 0) {
    const lines = output.trimEnd().split('\n');
    // npm says what is wrong first and its usage last; a compiler the other way round.
    const tail = (lines.length > 60 ? [...lines.slice(0, 20), '[...]', ...lines.slice(-40)] : lines).join('\n');
    throw new Stop(`${title} failed (${code}): ${command} ${args.join(' ')}\n${tail}`);
  }
  say(`${title}: done in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return output;
}
