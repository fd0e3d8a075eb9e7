import type { Director } from '../../director/director.js'
import type { DroppedFrame } from '../../director/drop-notes.js'
import { nameOfService } from '../../director/rules/service-name.js'
import { FrameFacts } from '../../filter/frame-facts.js'
import { verdictNames } from '../../packet/verdict.js'
import type { DropInfo, DroppedInfo, drops as shapes } from '../protocol/drops.js'
import { fieldsOf } from './explain/frame-fields.js'
import { packetLine } from './explain/packet-line.js'
import { verdicts } from './figures.js'
import type { OperationsOf } from './operation.js'

const REASON = /^(?:drop-|refused$)/

export const drops = {
  drops: {
    merge: mergeDrops,
    run(director, _request, { devices = [] }) {
      const last = lastByReason(director)
      return Object.entries(verdicts(director, devices))
        .filter(([reason, count]) => count > 0 && REASON.test(reason))
        .map(([reason, count]) => ({ reason, count, ...last.get(reason) }))
    },
  },
} satisfies OperationsOf<keyof typeof shapes>

/** Of several workers: the counts together, the newest frame. */
function mergeDrops(all: readonly DropInfo[][]): DropInfo[] {
  const merged = new Map<string, DropInfo>()
  for (const drop of all.flat()) {
    const before = merged.get(drop.reason)
    if (before === undefined) merged.set(drop.reason, drop)
    else {
      const [newest] = [before.last, drop.last].filter(last => last !== undefined).toSorted((a, b) => a.ago - b.ago)
      const count = before.count + drop.count
      merged.set(drop.reason, { reason: drop.reason, count, ...(newest && { last: newest }) })
    }
  }
  return [...merged.values()]
}

function lastByReason(director: Director): Map<string, { last: DroppedInfo }> {
  const byReason = new Map<string, { last: DroppedInfo }>()
  for (const [verdict, name] of verdictNames) {
    const frame = director.drops.last(verdict)
    if (frame) byReason.set(name, { last: droppedInfo(director, frame) })
  }
  return byReason
}

function droppedInfo(director: Director, { atMs, link, len, octets }: DroppedFrame): DroppedInfo {
  const view = new DataView(octets.buffer)
  const fields = fieldsOf(view, 0, octets.length)
  const service = serviceOfFrame(director, octets)
  return {
    ago: Math.max(0, Math.round((director.now - atMs) / 10) / 100),
    link: (director.links[link] ?? director.loopback)?.name ?? '?',
    packet: packetLine(fields, len),
    fields,
    ...(service !== undefined && { service }),
  }
}

/** The virtual service that a frame's destination is of. */
export function serviceOfFrame(director: Director, octets: Uint8Array): string | undefined {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length)
  const { hasPorts, protocol, dst, dstPort } = new FrameFacts().read(view, 0, octets.length)
  if (!hasPorts) return undefined
  const service = director.balancing.lookup(director.marks.of(protocol, dst, dstPort), protocol, dst, dstPort)
  return service && nameOfService(service)
}
