/** What the kernel counts of tracking: `conntrack -S`, conntrack(8). */

export interface ConntrackStatistics {
  /** Flows of this namespace. */
  readonly entries: number;
  /** `net.netfilter.nf_conntrack_max`: flows that one namespace may have. Not told by kernels before 5.9. */
  readonly maxEntries: number;
  readonly cpus: readonly ConntrackCpu[];
}

/** What one CPU has counted in this namespace since it was made. */
export interface ConntrackCpu {
  readonly cpu: number;
  /** Lookups that found a flow. */
  readonly found: number;
  /** Packets that cannot be tracked. */
  readonly invalid: number;
  /** Flows that were put into the table. */
  readonly insert: number;
  /** Such as were there already, as when two packets of one begin together. */
  readonly insertFailed: number;
  /** Packets dropped because a flow could not be put into the table. */
  readonly drop: number;
  /** Flows dropped to make room for others in a full table. */
  readonly earlyDrop: number;
  /** ICMP errors that are malformed, and the like. */
  readonly error: number;
  /** Lookups begun anew because the table was resized. */
  readonly searchRestart: number;
  /** Flows that were there already, and were taken for the same. */
  readonly clashResolve: number;
  /** Flows refused because their hash chain was too long. Not told by kernels before 5.15. */
  readonly chainTooLong?: number;
}
