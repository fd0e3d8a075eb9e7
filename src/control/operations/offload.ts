import type { Director } from '../../director/director.js'
import { countFlowsHere, nobodyHere } from '../../director/offload/why-here.js'
import { Verdict } from '../../packet/verdict.js'
import type { offload as shapes, OffloadCounts } from '../protocol/offload.js'
import { mergeOffload } from './merge.js'
import type { OperationsOf } from './operation.js'

/** Where a program could run, but does not. */
const NOWHERE = 'the program runs before none of the interfaces'

export const offload = {
  offload: {
    merge: mergeOffload,
    isOvertaken: true,
    *steps(director, _request, { notOffloaded }) {
      const { flows, conns, links, sysctls, verdictCounters } = director
      const balanced = verdictCounters.of(Verdict.BALANCED)
      const counts = offloadCounts(director)
      if (flows === undefined || counts === undefined)
        return { off: notOffloaded ?? NOWHERE, interfaces: [], counts: NOTHING, balanced, here: nobodyHere() }
      const interfaces = links.filter(link => flows.serves(link)).map(({ name }) => name)
      const off = interfaces.length === 0 && { off: NOWHERE }
      const here = yield* countFlowsHere(conns, flows, sysctls)
      const { connections: takenOver = 0, waiting = 0 } = flows.adoption ?? {}
      const kept = flows.kept && { kept: { takenOver, waiting } }
      const { earliest: after, latest } = flows.when
      const atLatest = latest > after && { latest }
      return { ...off, interfaces, after, ...atLatest, counts, balanced, ...kept, here }
    },
  },
} satisfies OperationsOf<keyof typeof shapes>

/** undefined: the director has no program. */
export function offloadCounts({ flows }: Director): OffloadCounts | undefined {
  if (flows === undefined) return undefined
  const { flows: now, capacity, entered, refused, evicted, epochs, packets, octets, lost } = flows.figures
  return { flows: now, capacity, entered, refused, evicted, epochs, packets, octets, lost }
}
const NOTHING: OffloadCounts = {
  flows: 0,
  capacity: 0,
  entered: 0,
  refused: 0,
  evicted: 0,
  epochs: 0,
  packets: 0,
  octets: 0,
  lost: 0,
}
