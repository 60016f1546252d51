/** Offloads of devices, against `ethtool -k`. */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { type Feature, NetlinkError, type Netns } from '../src/index.js';
import {
  cleanUp,
  mayOpenTun,
  type NamedNetns,
  namespace,
  namespaceWithVeth,
  rejection,
  run,
} from './helpers/namespaces.js';

type Shown = Record<string, { active: boolean; fixed: boolean | null; requested: boolean | null }>;

function shown(netns: NamedNetns, dev: string): Shown {
  const output = run('ip', 'netns', 'exec', netns.name, 'ethtool', '--json', '-k', dev);
  const [{ ifname: _, ...features }] = JSON.parse(output) as [{ ifname: string } & Shown];
  return features;
}

const active = (features: Record<string, { active: boolean }>): string[] =>
  Object.keys(features).filter((name) => features[name]?.active);

describe('features', () => {
  test.each(['veth0', 'lo', 'br0', ...(mayOpenTun() ? ['tap0'] : [])])(
    'of %s are those that ethtool shows',
    async (dev) => {
      const netns = await namespaceWithVeth();
      await netns.links.add({ kind: 'bridge', name: 'br0' });
      if (dev === 'tap0') await netns.links.add({ kind: 'tun', mode: 'tap', name: dev });
      const features = await netns.ethtool.features(dev);
      const theirs = shown(netns, dev);
      expect(Object.keys(theirs).length).toBeGreaterThan(40);
      for (const [name, feature] of Object.entries(theirs)) {
        const ours = features[name] as Feature;
        // Of a group it tells no more.
        const { active } = feature;
        expect([name, ours]).toEqual([name, feature.fixed === null ? { ...ours, active } : feature]);
      }
      const { index } = await netns.links.get(dev);
      expect(await netns.ethtool.features(index)).toEqual(features);
    },
  );
});

describe('setFeatures', () => {
  test('turns a group off and on again, and what depends on it goes with it', async () => {
    const netns = await namespaceWithVeth();
    const before = shown(netns, 'veth0');
    const peer = shown(netns, 'veth1');
    await netns.ethtool.setFeatures('veth0', { 'tx-checksumming': false });
    const off = shown(netns, 'veth0');
    expect(active(off).filter((name) => name.startsWith('tx-checksum'))).toEqual([]);
    expect(off).toMatchObject({
      'tx-checksum-ip-generic': { active: false, requested: false },
      'tx-tcp-segmentation': { active: false, requested: true },
    });
    // It is this device's alone, and other features of it are as they were.
    expect(shown(netns, 'veth1')).toEqual(peer);
    expect(off['rx-checksumming']).toEqual(before['rx-checksumming']);
    await netns.ethtool.setFeatures('veth0', { 'tx-checksumming': true });
    expect(shown(netns, 'veth0')).toEqual(before);
  });

  test('takes the names that ethtool prints, several at once, on and off', async () => {
    const netns = await namespaceWithVeth();
    const { index } = await netns.links.get('veth0');
    const changes = {
      'generic-receive-offload': true,
      'rx-vlan-offload': false,
      'tx-nocache-copy': true,
      'tcp-segmentation-offload': false,
    };
    await netns.ethtool.setFeatures(index, changes);
    expect(shown(netns, 'veth0')).toMatchObject({
      'generic-receive-offload': { active: true },
      'rx-vlan-offload': { active: false },
      'tx-nocache-copy': { active: true },
      'tcp-segmentation-offload': { active: false },
      'tx-checksumming': { active: true },
    });
    const unchanged = shown(netns, 'veth0');
    await netns.ethtool.setFeatures(index, {});
    expect(shown(netns, 'veth0')).toEqual(unchanged);
  });

  // tcpdump drops its groups, which a user namespace of one user does not allow.
  test.skipIf(process.env['NETLOOM_UNPRIVILEGED'])(
    'a segment leaves with its checksum when the device does none',
    async () => {
      const far = await namespace();
      const near = await namespaceWithVeth(far);
      for (const [at, netns] of [near, far].entries()) {
        await netns.addresses.add({ dev: `veth${at}`, address: `192.0.2.${at + 1}/24` });
      }
      const checksum = async (): Promise<string> => {
        const args = ['-Z', 'root', '-nvv', '-c', '1', '-i', 'veth1', 'tcp', 'and', 'src', '192.0.2.1'];
        const tcpdump = far.spawn('tcpdump', args, { stdio: ['ignore', 'pipe', 'pipe'] });
        cleanUp(async () => tcpdump.kill());
        for await (const line of createInterface(tcpdump.stderr as NodeJS.ReadableStream)) {
          if (line.includes('listening on')) break;
        }
        const output = text(tcpdump.stdout as NodeJS.ReadableStream);
        await connect(near);
        return /cksum 0x[0-9a-f]+ \((\w+)/.exec(await output)?.[1] ?? 'none';
      };
      expect(await checksum()).toBe('incorrect');
      await near.ethtool.setFeatures('veth0', { 'tx-checksumming': false });
      expect(await checksum()).toBe('correct');
    },
  );

  /** Sends a SYN, which is refused. */
  async function connect(netns: Netns): Promise<void> {
    const source = "import socket; socket.socket().connect_ex(('192.0.2.2', 9))";
    await once(netns.spawn('python3', ['-c', source], { stdio: 'ignore' }), 'exit');
  }

  test('what is fixed as it is asked for is no error', async () => {
    const netns = await namespaceWithVeth();
    const before = shown(netns, 'veth0');
    await netns.ethtool.setFeatures('veth0', { 'tx-checksum-ipv4': false, 'rx-fcs': false });
    expect(shown(netns, 'veth0')).toEqual(before);
  });

  test.each<[string, string, Record<string, boolean>, string, string]>([
    [
      'a fixed feature',
      'veth0',
      { 'tx-nocache-copy': true, 'tx-checksum-ipv4': true },
      'EOPNOTSUPP',
      'tx-checksum-ipv4 of veth0',
    ],
    ['a group that is fixed', 'lo', { 'tx-checksumming': false }, 'EOPNOTSUPP', 'tx-checksumming of lo'],
    [
      'a feature that there is not',
      'veth0',
      { 'tx-nocache-copy': true, nosuch: false },
      'EOPNOTSUPP',
      'nosuch of veth0',
    ],
    ['a device that there is not', 'eth9', { 'tx-checksumming': false }, 'ENODEV', 'eth9'],
  ])('%s is refused, and nothing is changed', async (_, dev, changes, code, subject) => {
    const netns = await namespaceWithVeth();
    const before = shown(netns, 'veth0');
    const error = await rejection(netns.ethtool.setFeatures(dev, changes), NetlinkError);
    expect(error).toMatchObject({ code, netns: netns.name, request: changes });
    expect(error.message).toContain(subject);
    expect(shown(netns, 'veth0')).toEqual(before);
  });

  test.each<[string, unknown, unknown, abstract new (...args: never[]) => Error]>([
    ['a name of 16 bytes', 'a-name-of-16byte', {}, RangeError],
    ['a pattern', 'lo', { 'tx-*': false }, TypeError],
    ['a word', 'lo', { 'tx-checksumming': 'off' }, TypeError],
    ['nothing', 'lo', undefined, TypeError],
  ])('%s is refused before anything is asked', async (_, dev, changes, type) => {
    const netns = await namespace();
    await rejection(netns.ethtool.setFeatures(dev as string, changes as Record<string, boolean>), type);
  });

  test('a handle that is closed says so', async () => {
    const netns = await namespace();
    await netns.close();
    expect(await rejection(netns.ethtool.features('lo'), Error)).toMatchObject({ code: 'ERR_NETNS_CLOSED' });
    const tap = netns.links.add({ kind: 'tun', mode: 'tap', name: 'tap0' });
    expect(await rejection(tap, Error)).toMatchObject({ code: 'ERR_NETNS_CLOSED' });
  });

  test('an index that is none is ENODEV', async () => {
    const netns = await namespace();
    expect(await rejection(netns.ethtool.features(4711), NetlinkError)).toMatchObject({ code: 'ENODEV' });
  });
});
