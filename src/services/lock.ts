import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Runs `work` while no other process, and nobody else in this one, runs any under the same name.
 *
 * The lock is a listening socket with an abstract name (unix(7)): the kernel gives the name to one at a time, takes it back when its holder
 * dies, however that happens, and closes the connections of those who wait. It holds among processes of one network namespace, and any
 * user there can take a name.
 */
export async function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  const address = `\0netloom/${createHash('sha256').update(name).digest('hex')}`;
  const release = await acquire(address);
  try {
    return await work();
  } finally {
    release();
  }
}

async function acquire(address: string): Promise<() => void> {
  for (;;) {
    const waiting = new Set<Socket>();
    const server = createServer((socket) => {
      waiting.add(socket);
      // Who waits may have gone.
      socket.on('error', () => {}).on('close', () => waiting.delete(socket));
    });
    if (await taken(server, address)) {
      return () => {
        server.close();
        for (const socket of waiting) socket.destroy();
      };
    }
    await released(address);
  }
}

async function taken(server: Server, address: string): Promise<boolean> {
  const listening = once(server, 'listening');
  server.listen(address);
  try {
    await listening;
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
}

/** Resolves when it is worth another attempt. */
async function released(address: string): Promise<void> {
  const socket = connect(address);
  try {
    await once(socket, 'close');
  } catch (error) {
    // More wait than the kernel lets queue; anything else says that the holder has gone.
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') await sleep(20);
  } finally {
    socket.destroy();
  }
}
