/** What a program sends to the kernel, by strace(1): for kinds of devices that this machine's kernel may not have. */
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uniqueName } from './namespaces.js';

/** `run` is given what has to stand in front of a program; the result is each datagram that it sent. */
export async function datagramsOf(run: (...strace: string[]) => unknown): Promise<Buffer[]> {
  const file = join(tmpdir(), uniqueName());
  try {
    await run('strace', '-f', '-o', file, '-e', 'trace=sendmsg', '-e', 'write=all');
    return datagrams(readFileSync(file, 'latin1'));
  } finally {
    rmSync(file, { force: true });
  }
}

/** Lines such as ` | 00010  00 00 00 00 00 00 00 00  08 00 1d 00 09 00 00 00  ................ |`. */
function datagrams(trace: string): Buffer[] {
  const found: Buffer[][] = [];
  for (const [, at, hex] of trace.matchAll(/^ \| ([0-9a-f]{5,}) {2}((?:[0-9a-f]{2} {1,2}){1,16})/gm)) {
    if (Number.parseInt(at as string, 16) === 0) found.push([]);
    found.at(-1)?.push(Buffer.from((hex as string).replaceAll(' ', ''), 'hex'));
  }
  return found.map((lines) => Buffer.concat(lines));
}

/** Netlink messages of a type, without their headers. */
export function messagesOf(type: number, sent: readonly Buffer[]): Buffer[] {
  const messages: Buffer[] = [];
  for (const datagram of sent) {
    for (let at = 0; at + 16 <= datagram.length; ) {
      const length = datagram.readUInt32LE(at);
      if (datagram.readUInt16LE(at + 4) === type) messages.push(datagram.subarray(at + 16, at + length));
      at += Math.max(16, (length + 3) & ~3);
    }
  }
  return messages;
}

/** Attributes by their numbers; flags such as NLA_F_NESTED are left out. */
export function attributes(bytes: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt16LE(at);
    found.set(bytes.readUInt16LE(at + 2) & 0x3fff, bytes.subarray(at + 4, at + length));
    at += Math.max(4, (length + 3) & ~3);
  }
  return found;
}
