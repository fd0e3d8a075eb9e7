import { closeSync, openSync } from 'node:fs'
import { Paused, Replay } from '../../../../native-free/replay/replay.js'
import { standInMac } from '../../../../native-free/replay/stand-in-hosts.js'
import { TypedCapture } from '../../../../native-free/replay/typed-capture.js'
import { typedPacket, TypedPacketError } from '../../../../native-free/replay/typed-packet.js'
import { CaptureError } from '../../../capture/capture-error.js'
import { CaptureReader } from '../../../capture/capture-reader.js'
import type { FormatReader } from '../../../capture/captured-frame.js'
import { localControl } from '../../../control/operations/execute.js'
import { Story } from '../../../control/operations/explain/story.js'
import type { Explanation } from '../../../control/protocol/explain.js'
import { UsageError } from '../../../director/options.js'
import { messageOf } from '../../../linux/error-text.js'
import { loadScheduler } from '../../../plane/load-scheduler.js'
import { formatMac, parseIpv4 } from '../../../wire/addr.js'
import { beginRules } from '../replay/begin-rules.js'
import type { SimulatedDirector } from '../replay/simulated-director.js'

type Show = (explanation: Explanation) => void
type IsMeant = (frame: number) => boolean

/** Explains packets typed by hand, one after the other, to a director with the rules. UsageError names the wrong word. */
export async function explainTyped(texts: readonly string[], simulated: SimulatedDirector, show: Show): Promise<void> {
  let packets: Uint8Array[]
  try {
    packets = texts.map(typedPacket)
  } catch (error) {
    throw error instanceof TypedPacketError ? new UsageError(error.message) : error
  }
  const explained = await explainAll(packets, simulated)
  const hops = simulated.hasStandIns ? explained.flatMap(hopOfHeld) : []
  const known = { ...simulated.director, neighbours: [...(simulated.director.neighbours ?? []), ...new Set(hops)] }
  const whole = hops.length === 0 ? explained : await explainAll(packets, { ...simulated, director: known })
  for (const explanation of whole) show(explanation)
}

async function explainAll(packets: readonly Uint8Array[], simulated: SimulatedDirector): Promise<Explanation[]> {
  const explained: Explanation[] = []
  await explainCapture(
    new TypedCapture(packets),
    simulated,
    () => true,
    packets.length,
    explanation => explained.push(explanation),
  )
  return explained
}
/** Of a packet that waits for its next hop's MAC that neighbour, so that it does not wait: nobody is there to answer. */
function hopOfHeld({ verdict, steps }: Explanation): string[] {
  const route = verdict === 'held' ? steps.findLast(step => step.step === 'route') : undefined
  const addr = route?.nextHop === undefined ? undefined : parseIpv4(route.nextHop)
  if (route === undefined || addr === undefined) return []
  return [`${route.nextHop}=${formatMac(standInMac(addr))}@${route.link}`]
}

/** Explains frames of a capture, counted from 1; all before the last one go through the director too. An Error in a line. */
export async function explainFrames(
  file: string,
  numbers: readonly number[],
  simulated: SimulatedDirector,
  show: Show,
): Promise<void> {
  const fd = opened(file)
  try {
    const last = Math.max(...numbers)
    await explainCapture(new CaptureReader(fd), simulated, frame => numbers.includes(frame), last, show)
  } catch (error) {
    throw error instanceof CaptureError ? new Error(`${file}: ${error.message}`) : error
  } finally {
    closeSync(fd)
  }
}
function opened(file: string): number {
  try {
    return openSync(file, 'r')
  } catch (error) {
    throw new UsageError(`--in: ${file}: ${messageOf(error)}`)
  }
}

async function explainCapture(
  capture: FormatReader,
  simulated: SimulatedDirector,
  isMeant: IsMeant,
  last: number,
  show: Show,
): Promise<void> {
  const { links, director, hasStandIns } = simulated
  const schedulers = await Promise.all(simulated.schedulers.map(loadScheduler))
  const problems: string[] = []
  const report = (problem: string): void => void problems.push(problem)
  const replay = new Replay({ capture, links, director: { ...director, schedulers, report }, hasStandIns })
  await beginRules(localControl(replay.director), simulated)
  replay.settle()
  let told: Explanation | undefined
  for (let frame = 1; frame <= last; frame++) {
    if (isMeant(frame)) watchOne(replay, explanation => (told ??= explanation))
    if (replay.run(Infinity, 1) === Paused.ENDED)
      throw new Error(`there is no frame ${frame}: the capture has ${frame - 1}`)
    replay.director.watchBy(undefined)
    if (!isMeant(frame)) continue
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
    return new Story(director, stamp.seconds * 1000 + Math.floor(stamp.nanoseconds / 1e6), link, slab, at, len, told)
  })
}
