/**
 * What became of a frame. Each has a counter of its name; docs/architecture/path.md shows where each is given. SENT is never final.
 * PASS: not decided yet, the next step takes the packet; final only for ARP that another of several directors answers, counted as
 * `overheard`.
 */
export const Verdict = {
  PASS: 0,

  /** Balanced, inbound or outbound, and sent. */
  BALANCED: 1,
  /** Forwarded between interfaces as a router does. */
  FORWARDED: 2,
  /** Answered by the director as a host: ARP, echo reply, RST. */
  ANSWERED: 3,
  /** Refused with an ICMP error. */
  REFUSED: 4,
  /** Held until the next hop's MAC is known or the other fragments have come. */
  HELD: 5,
  /** Taken by the director as a host without an answer: ARP reply, ICMP to us, IGMP. */
  CONSUMED: 6,
  /** Handed to a device. The caller turns it into one of the verdicts above (`sentAs`). */
  SENT: 7,
  /** Not for uvs: given back to the host's kernel beside it. */
  LEFT_TO_KERNEL: 8,

  DROP_NOT_OURS: 16,
  DROP_ETHERTYPE: 17,
  DROP_ETHERNET_SHORT: 18,
  DROP_ARP_MALFORMED: 19,
  DROP_ARP_SPOOFS_US: 20,
  DROP_ARP_NOT_FOR_US: 21,
  /** The frame does not lie in its slab with headroom before it, or came in by a link that is none of ours. */
  DROP_FRAME_MISPLACED: 22,
  /** The virtio-net header contradicts the packet behind it. */
  DROP_VIRTIO_MALFORMED: 23,

  DROP_IP_MALFORMED: 32,
  DROP_IP_CHECKSUM: 33,
  DROP_SOURCE_INVALID: 34,
  DROP_SOURCE_IS_OURS: 35,
  DROP_DESTINATION_INVALID: 36,
  DROP_BROADCAST: 37,
  DROP_IP_OPTIONS: 38,
  DROP_SOURCE_ROUTE: 39,
  DROP_FRAGMENT_MALFORMED: 40,
  DROP_FRAGMENT_DUPLICATE: 41,
  DROP_FRAGMENT_OVERLAP: 42,
  DROP_FRAGMENT_TIMEOUT: 43,
  DROP_FRAGMENT_EVICTED: 44,
  /** An advert of a virtual router: those who speak for it have as many as they have room for. */
  DROP_ADVERT_QUEUE: 45,

  DROP_TCP_MALFORMED: 48,
  DROP_UDP_MALFORMED: 49,
  DROP_ICMP_MALFORMED: 50,
  DROP_TRANSPORT_CHECKSUM: 51,
  DROP_ICMP_CHECKSUM: 52,
  DROP_RST_UNKNOWN: 53,
  DROP_SCTP_MALFORMED: 54,

  DROP_NO_DESTINATION: 64,
  DROP_DESTINATION_GONE: 65,
  DROP_TABLE_FULL: 66,
  DROP_REAL_SERVER_LOOPBACK: 67,
  DROP_SCHEDULER_FAILED: 68,
  DROP_DEFENCE: 69,
  DROP_NO_CONNECTION: 70,
  DROP_NO_LOCAL_PORT: 71,
  /** The real server is the host itself, which its method cannot reach. */
  DROP_LOCAL_NODE: 72,
  /** A SYN that the front has dropped, over a budget (ebpf/syn-budget.ts). */
  DROP_SYN_BUDGET: 73,

  DROP_TTL: 80,
  DROP_NO_ROUTE: 81,
  DROP_TOO_BIG: 82,
  DROP_NEIGHBOUR_QUEUE: 83,
  DROP_NEIGHBOUR_FAILED: 84,
  DROP_DEVICE_QUEUE: 85,
  DROP_NO_MEMORY: 86,
} as const
export type Verdict = (typeof Verdict)[keyof typeof Verdict]

/** Length of a table indexed by verdict. */
export const VERDICTS = 96

/** Verdict → the name of its counter: 'balanced', 'drop-ip-checksum'. */
export const verdictNames: ReadonlyMap<Verdict, string> = new Map(
  Object.entries(Verdict)
    .filter(([, verdict]) => verdict !== Verdict.SENT)
    .map(([name, verdict]) => [verdict, name.toLowerCase().replaceAll('_', '-')]),
)

/** `verdict` if `sent` is SENT; otherwise `sent`. */
export function sentAs(verdict: Verdict, sent: Verdict): Verdict {
  return sent === Verdict.SENT ? verdict : sent
}
