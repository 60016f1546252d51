import type { Wire } from '../../netlink/codec.js';
import type { DeviceReference } from '../device.js';
import type { CommonSpec } from '../link-settings.js';

/** What is special about one kind of device. Its attributes are in `native/rtnetlink/kinds`, under the same names. */
export interface LinkKind<Spec extends CommonSpec> {
  /** Of a spec, besides `commonKeys`. */
  readonly keys: readonly string[];
  /** Throws for a spec of bad values; unknown keys, and what all kinds share, have been checked. */
  readonly check?: (spec: Spec, path: string) => void;
  /** Its settings, as IFLA_INFO_DATA holds them. */
  readonly info?: (spec: Spec) => Wire;
  /** The device below it, where that is the message's own (IFLA_LINK). */
  readonly below?: (spec: Spec) => DeviceReference;
  /** What a listed device has under the kind's name. */
  readonly read?: (info: Readonly<Record<string, unknown>>) => object;
}
