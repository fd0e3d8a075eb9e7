/** What became of a frame of a tunnel. Each has a counter, called as here. */
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

/** A fate's number: its place among `fates`. */
export type Fate = number

const numberOf = (name: FateName): Fate => fates.indexOf(name)

export const Fate = {
  /** Handed to the kernel, out of an IPIP, GRE or GUE packet. */
  IPIP: numberOf('ipip'),
  GRE: numberOf('gre'),
  GUE: numberOf('gue'),
  /** The outer IPv4 or UDP header is cut off or wrong. */
  OUTER_MALFORMED: numberOf('drop-outer-malformed'),
  /** A piece that the kernel did not put together. */
  OUTER_FRAGMENT: numberOf('drop-outer-fragment'),
  /** The outer packet is for another host. */
  OUTER_NOT_OURS: numberOf('drop-outer-not-ours'),
  NOT_A_TUNNEL: numberOf('drop-not-a-tunnel'),
  /** Not version 0 with IPv4 in it, or with flags that nobody has defined. */
  GRE_UNKNOWN: numberOf('drop-gre-unknown'),
  GRE_CHECKSUM: numberOf('drop-gre-checksum'),
  /** Neither data of version 0 with IPv4 in it nor version 1, or with options that we do not know. */
  GUE_UNKNOWN: numberOf('drop-gue-unknown'),
  GUE_CHECKSUM: numberOf('drop-gue-checksum'),
  /** What the tunnel carried is no whole IPv4 packet with a right header. */
  INNER_MALFORMED: numberOf('drop-inner-malformed'),
  INNER_NOT_VIP: numberOf('drop-inner-not-vip'),
  /** A checksum or segments left to do that the inner packet has no place for. */
  OFFLOAD: numberOf('drop-offload'),
  /** The TUN device would not have it. */
  TUN_REFUSED: numberOf('drop-tun-refused'),
} as const
