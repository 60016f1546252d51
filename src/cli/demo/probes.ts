/** Traffic from inside a namespace: an echo request, an HTTP request, and a server that says whom it sees. */
import { createSocket } from 'node:dgram';
import { createServer, get, type Server } from 'node:http';
import { Socket } from 'node:net';
import type { Netns } from '../../netns/index.js';

/** Whether an ICMP echo request is answered within a time (icmp(7) datagram sockets). */
export async function ping(netns: Netns, address: string, timeout: number = 1000): Promise<boolean> {
  const fd = await netns.socket('icmp4');
  const socket = createSocket('udp4');
  try {
    // Bound at once: the descriptor is there already.
    socket.bind({ fd } as never);
    return await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), timeout);
      socket.on('error', () => {});
      // An echo reply has type 0; the kernel fills in identifier and checksum, and knows no port.
      socket.on('message', (message) => {
        if (message[0] !== 0) return;
        clearTimeout(timer);
        resolve(true);
      });
      socket.send(Buffer.from([8, 0, 0, 0, 0, 0, 0, 1]), 1, address, (error) => {
        if (!error) return;
        clearTimeout(timer);
        resolve(false);
      });
    });
  } finally {
    socket.close();
  }
}

/** A server that answers with its name and the address that it was reached from. */
export async function serve(netns: Netns, name: string): Promise<Server> {
  const fd = await netns.socket('tcp4', { address: '0.0.0.0', port: 80 });
  const server = createServer((request, response) => {
    response.setHeader('connection', 'close').setHeader('server', name);
    response.end(request.socket.remoteAddress);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen({ fd }, resolve));
  return server;
}

export interface Answer {
  /** Who answered. */
  readonly server: string;
  /** Whom it saw. */
  readonly seen: string;
}

/** What a server at an address answers. */
export async function fetchFrom(netns: Netns, address: string): Promise<Answer> {
  const fd = await netns.socket('tcp4');
  return new Promise((resolve, reject) => {
    // Not read before it is connected: that fails, and would end it (`manualStart` is Node's own option for it).
    const connect = () => new Socket({ fd, manualStart: true } as never).connect(80, address);
    const request = get({ host: address, createConnection: connect, timeout: 3000 }, (response) => {
      response.setEncoding('utf8');
      let body = '';
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve({ server: String(response.headers['server']), seen: body }));
    });
    request.on('timeout', () => request.destroy(new Error(`no answer from ${address} within 3 s`)));
    request.on('error', reject);
  });
}
