import type { ExplainedOffload, OffloadStanding } from '../../../control/protocol/explain.js'

/** Whether the flow program forwards a flow's packets, or why not. */
export function offloadText({ standing, way, after = 0, packets = 0 }: ExplainedOffload): string {
  const flow = way === 'inbound' ? "the client's packets" : "the real server's packets"
  if (standing !== 'young') return `${flow}: ${TEXTS[standing]}`
  const left = Math.max(0, after - packets)
  const soon = left === 0 ? 'from the next one on' : `after ${left} more of the client's`
  return `${flow}: not yet, ${soon} (${packets} of ${after} so far)`
}

const TEXTS: Record<Exclude<OffloadStanding, 'young'>, string> = {
  forwarded: 'it forwards them; this one it left to the director',
  watched: 'not while somebody watches them, they come up until the watch ends',
  due: 'nothing keeps them from it, the next one is decided on',
  noProgram: 'it does not run where this one came in',
  sampled: 'not these, the flight recorder samples the connection',
  changing: "not now, the connection's next packet may change its state",
  tunnel: 'not these, a tunnel with a checksum, or sysctl pmtu_disc is 0',
  noDf: 'not these, they go into a tunnel and the client sends without DF',
  handOver: "not yet, FULLNAT: the real server has not got the client's address",
  sctp: 'not these, it forwards no SCTP',
  noServer: 'not these, the real server has been deleted',
  noWay: 'not these, it cannot send where they leave, or there are too many next hops',
  noRoom: 'not now, there are as many flows as there may be',
}
