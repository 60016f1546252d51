/**
 * Servers that say who they are and whom they see, and clients that ask: address translation as both ends of a connection see it.
 * Their sockets are made in a namespace (`ns.socket`), and served by the test's own process.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, Socket } from 'node:net';
import type { Netns } from '../../src/index.js';

/** What a server answers. */
export interface Answer {
  /** Its name. */
  readonly host: string;
  /** Whom it sees: the client, as translated. */
  readonly peer: string;
  readonly peerPort: number;
  /** Where it was reached, in its own words. */
  readonly port: number;
}

export interface ClientOptions {
  readonly sourcePort?: number;
  /** ms; default 5000. */
  readonly patience?: number;
}

const versionOf = (address: string): '4' | '6' => (address.includes(':') ? '6' : '4');
/** A dual socket tells an IPv4 peer so. */
const bare = (address: string): string => address.replace(/^::ffff:/, '');
const line = (answer: Answer): string => `${JSON.stringify(answer)}\n`;

/** Says who it is in a line, and then sends back what it gets. Returns what ends it. */
export async function serveTcp(netns: Netns, host: string, address: string, port: number): Promise<() => void> {
  const clients = new Set<Socket>();
  const server = createServer((client) => {
    clients.add(client);
    client.on('error', () => {}).on('close', () => clients.delete(client));
    client.write(line({ host, peer: bare(client.remoteAddress ?? ''), peerPort: client.remotePort ?? 0, port }));
    client.pipe(client);
  });
  server.listen({ fd: await netns.socket(`tcp${versionOf(address)}`, { address, port }) });
  await once(server, 'listening');
  return () => {
    for (const client of clients) client.destroy();
    server.close();
  };
}

export async function serveUdp(netns: Netns, host: string, address: string, port: number): Promise<() => void> {
  const version = versionOf(address);
  const server = createSocket(`udp${version}`);
  server.on('error', () => {});
  server.on('message', (_, peer) => {
    server.send(line({ host, peer: bare(peer.address), peerPort: peer.port, port }), peer.port, peer.address);
  });
  await bound(server, await netns.socket(`udp${version}`, { address, port }));
  return () => server.close();
}

/** A connection that is not yet one; its first line is the server's answer. */
export async function connectTcp(
  from: Netns,
  to: string,
  port: number,
  { sourcePort = 0 }: ClientOptions = {},
): Promise<Socket> {
  const version = versionOf(to);
  const address = version === '4' ? '0.0.0.0' : '::';
  const fd = await from.socket(`tcp${version}`, { address, port: sourcePort });
  const socket = new Socket({ fd });
  socket.on('error', () => {});
  return socket.connect({ host: to, port });
}

/** What answers at `to`, or how the attempt fails: 'timeout', 'ECONNREFUSED', 'EHOSTUNREACH'. */
export async function tcp(
  from: Netns,
  to: string,
  port: number,
  options: ClientOptions = {},
): Promise<Answer | string> {
  const socket = await connectTcp(from, to, port, options);
  const answer = await new Promise<Answer | string>((resolve) => {
    const timer = setTimeout(resolve, options.patience ?? 5000, 'timeout');
    const done = (result: Answer | string): void => {
      clearTimeout(timer);
      resolve(result);
    };
    socket.once('data', (data) => done(JSON.parse(String(data)) as Answer));
    socket.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
    socket.once('close', () => done('closed'));
  });
  // Without a FIN, which would leave the ports in TIME_WAIT.
  socket.resetAndDestroy();
  return answer;
}

/** The same of a datagram. */
export async function udp(
  from: Netns,
  to: string,
  port: number,
  { sourcePort = 0, patience = 5000 }: ClientOptions = {},
): Promise<Answer | string> {
  const version = versionOf(to);
  const socket = createSocket(`udp${version}`);
  const address = version === '4' ? '0.0.0.0' : '::';
  await bound(socket, await from.socket(`udp${version}`, { address, port: sourcePort }));
  try {
    return await new Promise<Answer | string>((resolve) => {
      const timer = setTimeout(resolve, patience, 'timeout');
      const done = (result: Answer | string): void => {
        clearTimeout(timer);
        resolve(result);
      };
      socket.once('message', (data, sender) => {
        const answer = JSON.parse(String(data)) as Answer;
        // An answer from elsewhere than was asked would be dropped by a connected socket.
        done(bare(sender.address) === to ? answer : `answered by ${sender.address}`);
      });
      socket.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
      socket.send('who?', port, to, (error) => error && done((error as NodeJS.ErrnoException).code ?? error.message));
    });
  } finally {
    socket.close();
  }
}

/** Of a descriptor, 'listening' comes within the call. */
function bound(socket: UdpSocket, fd: number): Promise<void> {
  return new Promise((resolve) => socket.bind({ fd }, resolve));
}
