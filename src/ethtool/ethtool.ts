import type { NativeError, NativeNamespace } from '../addon.js';
import { checkBoolean, fromNative, invalidType, invalidValue } from '../errors.js';
import { abortable, type CallOptions } from '../netlink/call-options.js';
import { closedError } from '../netlink/channel.js';
import { checkReference, type DeviceReference } from '../rtnetlink/device.js';
import { groupTests, patternOf, wordOf } from './names.js';

/** Of a group, as 'tx-checksumming': whether any of it is active or asked for, and whether all of it is fixed. */
export interface Feature {
  readonly active: boolean;
  /** What was asked for, which the device may not be able to do just now. */
  readonly requested: boolean;
  /** It cannot be changed. */
  readonly fixed: boolean;
}

export type FeatureChanges = Readonly<Record<string, boolean>>;

/**
 * Offloads: what devices of a namespace do by themselves, ethtool(8). The names are those that `ethtool -k` prints: the kernel's, such
 * as 'tx-checksum-ip-generic', and groups, such as 'tx-checksumming'. By the SIOCETHTOOL ioctl (linux/ethtool.h).
 */
export class Ethtool {
  readonly #native: NativeNamespace;
  readonly #netns: string;

  constructor(native: NativeNamespace, netns: string) {
    this.#native = native;
    this.#netns = netns;
  }

  /**
   * All features of a device, by name.
   *
   * @throws NetlinkError ENODEV: there is no such device.
   */
  async features(dev: DeviceReference, options?: CallOptions): Promise<Readonly<Record<string, Feature>>> {
    checkReference(dev, 'dev');
    const features: Record<string, Feature> = {};
    for (const [name, active, requested, fixed] of await this.#call(dev, [], options)) {
      // Bits that the kernel keeps to itself.
      if (name === '') continue;
      const feature = { active, requested, fixed };
      features[wordOf(name)] = feature;
      for (const [group, matches] of groupTests) if (matches(name)) features[group] = join(features[group], feature);
    }
    return features;
  }

  /**
   * Turns features on or off, all by one ioctl; of a group those that can be changed. What others depend on takes them with it: no
   * segmentation without checksums.
   *
   * A device on Open vSwitch's userspace datapath needs `{ 'tx-checksumming': false }` on the other end of its veth pair: else TCP
   * segments come without a checksum and are dropped.
   *
   * @throws NetlinkError ENODEV: there is no such device. EOPNOTSUPP: there is no such feature, or it is fixed and not as asked for; then
   * nothing was changed. EPERM: no CAP_NET_ADMIN.
   */
  async setFeatures(dev: DeviceReference, changes: FeatureChanges, options?: CallOptions): Promise<void> {
    checkReference(dev, 'dev');
    if (typeof changes !== 'object' || changes === null) throw invalidType('changes', 'an object', changes);
    const patterns = Object.entries(changes).map(([word, on]): [string, boolean] => {
      if (!/^[\w-]+$/.test(word)) throw invalidValue('changes', "is not a feature's name", word);
      checkBoolean(on, `changes.${word}`);
      return [patternOf(word), on];
    });
    if (patterns.length > 0) await this.#call(dev, patterns, options, changes);
  }

  async #call(
    dev: DeviceReference,
    patterns: [string, boolean][],
    options: CallOptions | undefined,
    changes?: FeatureChanges,
  ): ReturnType<NativeNamespace['features']> {
    if (this.#native.fd < 0) throw closedError(this.#netns);
    try {
      return await abortable(() => this.#native.features(dev, patterns), options);
    } catch (error) {
      const { path } = error as NativeError;
      const word = Object.keys(changes ?? {}).find((word) => path !== undefined && patternOf(word) === path);
      throw fromNative(error, word === undefined ? String(dev) : `${word} of ${dev}`, this.#netns, changes);
    }
  }
}

function join(group: Feature | undefined, { active, requested, fixed }: Feature): Feature {
  if (group === undefined) return { active, requested, fixed };
  return {
    active: group.active || active,
    requested: group.requested || requested,
    fixed: group.fixed && fixed,
  };
}
