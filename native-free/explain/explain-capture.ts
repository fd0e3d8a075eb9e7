import type { FormatReader } from '../../src/capture/captured-frame.js'
import { localControl } from '../../src/control/operations/execute.js'
import { Story } from '../../src/control/operations/explain/story.js'
import type { Control } from '../../src/control/protocol/api.js'
import type { Explanation } from '../../src/control/protocol/explain.js'
import { formatMac, parseIpv4 } from '../../src/wire/addr.js'
import { Paused, Replay, type ReplayOptions } from '../replay/replay.js'
import { standInMac } from '../replay/stand-in-hosts.js'
import { TypedCapture } from '../replay/typed-capture.js'
import { typedPacket } from '../replay/typed-packet.js'

/** A director that is made to explain, and how its rules are set. */
export interface Explaining extends Pick<ReplayOptions, 'links' | 'director' | 'hasStandIns'> {
  begin(control: Control): Promise<void>
}

export type Show = (explanation: Explanation) => void

/** Explains packets typed by hand, one after the other, a ms apart: their next hops are known. TypedPacketError names the wrong word. */
export async function explainPackets(texts: readonly string[], by: Explaining): Promise<Explanation[]> {
  const packets = texts.map(typedPacket)
  const explained = await explainAll(packets, by)
  const hops = by.hasStandIns ? explained.flatMap(hopOfHeld) : []
  if (hops.length === 0) return explained
  const neighbours = [...(by.director.neighbours ?? []), ...new Set(hops)]
  return explainAll(packets, { ...by, director: { ...by.director, neighbours } })
}

async function explainAll(packets: readonly Uint8Array[], by: Explaining): Promise<Explanation[]> {
  const explained: Explanation[] = []
  const numbers = packets.map((_, i) => i + 1)
  await explainCapture(new TypedCapture(packets), numbers, by, explanation => explained.push(explanation))
  return explained
}
/** Of a packet that waits for its next hop's MAC that neighbour, so that it does not wait: nobody is there to answer. */
function hopOfHeld({ verdict, steps, fields, link }: Explanation): string[] {
  if (verdict !== 'held') return []
  const route = steps.findLast(step => step.step === 'route')
  // What the director answers itself goes back to its sender, of which no step tells.
  const hop = route === undefined ? fields.find(([name]) => name === 'ip.src')?.[1] : route.nextHop
  const addr = hop === undefined ? undefined : parseIpv4(hop)
  return addr === undefined ? [] : [`${hop}=${formatMac(standInMac(addr))}@${route?.link ?? link}`]
}

/**
 * Explains frames of a capture, counted from 1, in the capture's order; all before the last one go through the director too. An Error
 * for a frame that is not there or does not come to the director; CaptureError as the reader.
 */
export async function explainCapture(
  capture: FormatReader,
  numbers: readonly number[],
  { links, director, hasStandIns, begin }: Explaining,
  show: Show,
): Promise<void> {
  const problems: string[] = []
  const report = (problem: string): void => void problems.push(problem)
  const replay = new Replay({ capture, links, director: { ...director, report }, hasStandIns })
  await begin(localControl(replay.director))
  replay.settle()
  const last = numbers.reduce((most, number) => Math.max(most, number), 0)
  const wanted = new Set(numbers)
  let told: Explanation | undefined
  for (let frame = 1; frame <= last; frame++) {
    const isMeant = wanted.has(frame)
    if (isMeant) watchOne(replay, explanation => (told ??= explanation))
    if (replay.run(Infinity, 1) === Paused.ENDED)
      throw new Error(`there is no frame ${numbers.find(number => number >= frame)!}: the capture has ${frame - 1}`)
    replay.director.watchBy(undefined)
    if (!isMeant) continue
    if (told) show(told)
    else
      throw new Error(
        `frame ${frame} does not come to the director: the host had sent it, or it is no Ethernet or IP frame`,
      )
    told = undefined
  }
  if (problems[0] !== undefined) throw new Error(problems[0])
}

function watchOne({ director, frames, clock }: Replay, told: Show): void {
  const before = frames.taken
  const stamp = { seconds: 0, nanoseconds: 0 }
  director.watchBy((link, slab, at, len) => {
    // What is answered in the place of other hosts comes behind the frame itself.
    if (frames.taken !== before + 1) return undefined
    clock.stampOf(director.now, stamp)
    const unixMs = stamp.seconds * 1000 + Math.floor(stamp.nanoseconds / 1e6)
    return new Story(director, unixMs, link, slab, at, len, tell => told(tell()))
  })
}
