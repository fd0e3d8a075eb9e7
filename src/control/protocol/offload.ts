import { takes } from './shape.js'

/** What a program forwards of the director's open connections, a flow being one direction of one. Counts since the start. */
export interface OffloadInfo {
  /** Why there are no flows. Not there: there may be. */
  off?: string
  /** Where the program runs. */
  interfaces: string[]
  /** Packets of a connection's client until its flows are entered, at the earliest. Not there: no program runs. */
  after?: number
  /** The same, at the latest. Not there: always after as many. */
  latest?: number
  counts: OffloadCounts
  /** Packets that came up to the director and were balanced there. */
  balanced: number
  /**
   * Flows outlive the director (`--keep-flows`): connections that it has taken over from an earlier one, and flows of such a one that wait for
   * their real server to be in the rules.
   */
  kept?: { takenOver: number; waiting: number }
  /** Flows that the program does not forward, by what keeps them. */
  here: OffloadHere
}

export interface OffloadCounts {
  /** Flows that the program forwards, and the most that there may be. */
  flows: number
  capacity: number
  entered: number
  /** Times that a flow found no room, each of its packets one; and flows that left to make room. */
  refused: number
  evicted: number
  /** Changes after which each flow's next packet came up and was decided on. */
  epochs: number
  /** Forwarded by the program; octets from the IP header on. */
  packets: number
  octets: number
  /** Frames that the program dropped: the verdict drop-flow-unfinished. */
  lost: number
}

export interface OffloadHere {
  /** Too few packets of the client. */
  young: number
  /** The next packet may change the connection's state. */
  changing: number
  /** A tunnel by GRE or GUE with a checksum; or sysctl pmtu_disc is 0. */
  tunnel: number
  /** Into a tunnel, and the client's last packet had no DF: each outer header has an identification of the director's. */
  noDf: number
  /** FULLNAT: the real server has not got the client's address yet. */
  handOver: number
  sctp: number
  /** The real server has been deleted. */
  noServer: number
  /** The program does not run where they leave, or there are too many next hops. */
  noWay: number
  noRoom: number
  /** Somebody watches packets that it may have: `watch`. */
  watched: number
  /** The flight recorder has all packets of the connection. */
  sampled: number
  /** Nothing: the next packet comes up and is decided on. Flows that are decided anew are among `flows`, too. */
  due: number
}

export const offload = {
  /** Walks the connection table in steps: frames and other requests do not wait for it. */
  offload: takes({}).returns<OffloadInfo>(),
}
