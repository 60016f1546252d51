/** Packets: who reaches whom, and whom each side sees. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Netns } from '../../netns/index.js';
import { type Networks, outsideAddress, type Vm } from './networks.js';
import { fetchFrom, ping, serve } from './probes.js';
import type { Stage } from './stage.js';

export async function showTraffic(stage: Stage, { outside, red, blue }: Networks): Promise<void> {
  const vms = [...red.vms, ...blue.vms];
  await listen(stage, outside, 'outside');
  for (const { netns, name } of vms) await listen(stage, netns, name);

  for (const { name, netns, floatingAddress } of vms) {
    if (floatingAddress === undefined) continue;
    await stage.expect(`The outside reaches ${name}`, () => ping(outside, floatingAddress), true, floatingAddress);
    const answer = async (): Promise<string> => {
      const { server, seen } = await fetchFrom(outside, floatingAddress);
      return `${server} sees ${seen}`;
    };
    await stage.expect(
      `${name} sees the outside's own address`,
      answer,
      `${name} sees ${outsideAddress}`,
      outsideAddress,
    );
    await stage.expect(`${name} goes out by its floating IP`, () => seenOutside(netns), floatingAddress);
  }
  const [red1, red2] = red.vms;
  await stage.expect(`${red2.name} goes out by the gateway address`, () => seenOutside(red2.netns), red.gatewayAddress);

  // An address that only blue has.
  const [blue1, blue2] = blue.vms;
  const secret = '10.0.0.13';
  await blue2.netns.addresses.add({ dev: 'eth0', address: `${secret}/24` });
  await stage.expect(`${blue1.name} reaches ${secret} in blue`, () => ping(blue1.netns, secret), true, 'answer');
  await stage.expect(`${red1.name} does not`, () => ping(red1.netns, secret, 500), false, 'no answer in 0.5 s');
  await stage.expect('ARP in red does not learn of it', () => macOf(red1.netns, secret), undefined, 'no entry');

  await showMove(stage, outside, red.router, red1, red2);
}

async function showMove(
  stage: Stage,
  outside: Netns,
  router: Networks['red']['router'],
  from: Vm,
  to: Vm,
): Promise<void> {
  const floatingAddress = from.floatingAddress as string;
  const flows = async (): Promise<number> =>
    (await router.netns.conntrack.list({ originalDst: floatingAddress, replySrc: from.fixedAddress })).length;
  const before = await flows();
  if (before === 0) throw new Error(`conntrack has no flows of ${floatingAddress}, though there was traffic`);
  const gateway = (await router.netns.links.list()).find(({ name }) => name.startsWith('qg-'));
  // An announcement alone, and no question, makes the entry that is then there.
  await outside.sysctl.set({ 'net.ipv4.conf.eth0.arp_accept': 1 });
  await outside.neighbours.delete({ dev: 'eth0', dst: floatingAddress });
  await stage.step(`${floatingAddress} moves from ${from.name} to ${to.name}`, () =>
    router.floatingIps.associate([{ floatingAddress, fixedAddress: to.fixedAddress }]),
  );
  await stage.expect('The outside heard the announcement', () => heard(outside, floatingAddress), gateway?.mac);
  await stage.expect('The old flows are gone', flows, 0, `${before} forgotten`);
  const answers = async (): Promise<string> => (await fetchFrom(outside, floatingAddress)).server;
  await stage.expect(`${to.name} answers at once`, answers, to.name, floatingAddress);
  await stage.expect(`${to.name} goes out by it`, () => seenOutside(to.netns), floatingAddress);
}

async function listen(stage: Stage, netns: Netns, name: string): Promise<void> {
  const server = await serve(netns, name);
  stage.closes(() => {
    server.close();
    server.closeAllConnections();
  });
}

async function seenOutside(netns: Netns): Promise<string> {
  return (await fetchFrom(netns, outsideAddress)).seen;
}

async function macOf(netns: Netns, address: string): Promise<string | undefined> {
  return (await netns.neighbours.list({ dev: 'eth0' })).find(({ dst }) => dst === address)?.mac;
}

/** The first round was sent before the call returned; the kernel may take a moment to deliver it. */
async function heard(outside: Netns, address: string): Promise<string | undefined> {
  for (let tries = 0; tries < 50; tries++) {
    const mac = await macOf(outside, address);
    if (mac !== undefined) return mac;
    await delay(10);
  }
  return undefined;
}
