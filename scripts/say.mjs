// What set-up says to people: short lines on stderr, the noise of other programs only when they fail.
import { spawn } from 'node:child_process';
import { styleText } from 'node:util';

const colour = process.stderr.isTTY && !process.env.NO_COLOR;
const paint = (format, text) => (colour ? styleText(format, text) : text);

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
    const tail = output.trimEnd().split('\n').slice(-40).join('\n');
    throw new Stop(`${title} failed (${code}): ${command} ${args.join(' ')}\n${tail}`);
  }
  say(`${title}: done in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return output;
}
