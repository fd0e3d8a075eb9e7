/** What became of a tunnel's frame. Each fate has a counter of the same name. */
export const fates = [
  'ipip',
  'gre',
  'gue',
  'drop-outer-malformed',
  'drop-outer-fragment',
  'drop-outer-not-ours',
  'drop-not-a-tunnel',
  'drop-gre-unknown',
  'drop-gre-checksum',
  'drop-gue-unknown',
  'drop-gue-checksum',
  'drop-inner-malformed',
  'drop-inner-not-vip',
  'drop-offload',
  'drop-tun-refused',
] as const

export type FateName = (typeof fates)[number]

/** A fate's number: its index in `fates`. */
export type Fate = number

const numberOf = (name: FateName): Fate => fates.indexOf(name)

export const Fate = {
  /** The inner packet of an IPIP, GRE or GUE packet was handed to the kernel. */
  IPIP: numberOf('ipip'),
  GRE: numberOf('gre'),
  GUE: numberOf('gue'),
  /** The outer IPv4 or UDP header is truncated or wrong. */
  OUTER_MALFORMED: numberOf('drop-outer-malformed'),
  /** A fragment that the kernel did not reassemble. */
  OUTER_FRAGMENT: numberOf('drop-outer-fragment'),
  /** The outer packet is for another host. */
  OUTER_NOT_OURS: numberOf('drop-outer-not-ours'),
  NOT_A_TUNNEL: numberOf('drop-not-a-tunnel'),
  /** Not version 0 with IPv4 inside, or with reserved flags. */
  GRE_UNKNOWN: numberOf('drop-gre-unknown'),
  GRE_CHECKSUM: numberOf('drop-gre-checksum'),
  /** Neither version 0 data with IPv4 inside nor version 1, or with options that we do not know. */
  GUE_UNKNOWN: numberOf('drop-gue-unknown'),
  GUE_CHECKSUM: numberOf('drop-gue-checksum'),
  /** The inner packet is not a whole IPv4 packet with a valid header. */
  INNER_MALFORMED: numberOf('drop-inner-malformed'),
  INNER_NOT_VIP: numberOf('drop-inner-not-vip'),
  /** An unfinished checksum or segmentation that does not fit the inner packet. */
  OFFLOAD: numberOf('drop-offload'),
  /** The TUN device refused it. */
  TUN_REFUSED: numberOf('drop-tun-refused'),
} as const
