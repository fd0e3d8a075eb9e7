import type { OffloadHere } from '../../../control/protocol/offload.js'

/** Why flows come up to the director, in words. */
export const WHY_HERE: Record<keyof OffloadHere, string> = {
  young: 'too few packets so far',
  changing: "the connection's next packet may change its state",
  tunnel: 'a tunnel with a checksum, or sysctl pmtu_disc is 0',
  noDf: 'into a tunnel, and the client sends without DF',
  handOver: "FULLNAT: the real server has not got the client's address yet",
  sctp: 'SCTP',
  noServer: 'the real server has been deleted',
  noWay: 'no program where they leave, or too many next hops',
  noRoom: 'there are as many flows as there may be',
  watched: 'somebody watches packets: uvs explain',
  sampled: "the flight recorder has all of the connection's packets",
  due: 'the next packet is decided on',
}
