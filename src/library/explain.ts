/* `uvs/explain`: why a packet went where it went. docs/library.md */
import { closeSync, openSync } from 'node:fs'
import { explainCapture, explainPackets } from '../../native-free/explain/explain-capture.js'
import { TypedPacketError } from '../../native-free/replay/typed-packet.js'
import { CaptureError } from '../capture/capture-error.js'
import { CaptureReader } from '../capture/capture-reader.js'
import { LiveWatch } from '../control/operations/explain/live-watch.js'
import type { Explanation } from '../control/protocol/explain.js'
import type { Director } from '../director/director.js'
import { UsageError } from '../director/options.js'
import { readFilter } from '../filter/filter.js'
import { FilterError } from '../filter/words.js'
import { atOnce } from '../service/in-steps.js'
import { explanationText as textOf } from '../cli/uvs/explain/explanation-text.js'
import { simulated, type SimulatedOptions } from './simulated.js'

export type {
  CandidateInfo,
  ExplainedOffload,
  ExplainedStep,
  Explanation,
  FieldInfo,
  OffloadStanding,
} from '../control/protocol/explain.js'
export type { SimulatedOptions }

/**
 * Says of packets as people write them, 'tcp 10.0.0.7:40000 > 10.0.1.100:80 syn', what a director with these options does with each, one
 * after the other, a ms apart; docs/explain.md has the words. It is the data path's own code, observed. Next hops are known. UsageError
 * for a packet, an option or a rule that is wrong.
 */
export async function explain(packets: string | readonly string[], options: SimulatedOptions): Promise<Explanation[]> {
  try {
    return await explainPackets(typeof packets === 'string' ? [packets] : packets, simulated(options))
  } catch (error) {
    throw error instanceof TypedPacketError ? new UsageError(error.message) : error
  }
}

/**
 * The same of frames of a capture, counted from 1, in the capture's order: all frames before the last one go through the director too, on
 * the capture's clock, as in `uvs/replay`. Error for a frame that is not there or that the host had sent, and for a corrupt capture; a
 * system error for a file that cannot be opened.
 */
export async function explainFrames(
  path: string,
  frames: readonly number[],
  options: SimulatedOptions,
): Promise<Explanation[]> {
  for (const frame of frames)
    if (!Number.isInteger(frame) || frame < 1) throw new UsageError(`frames: ${frame}: they are counted from 1`)
  const explained: Explanation[] = []
  const fd = openSync(path, 'r')
  try {
    await explainCapture(new CaptureReader(fd), frames, simulated(options), explanation => explained.push(explanation))
  } catch (error) {
    throw error instanceof CaptureError ? new Error(`${path}: ${error.message}`) : error
  } finally {
    closeSync(fd)
  }
  return explained
}

/** Packets of a director of yours that are explained while they come. */
export interface Watch {
  /** What has been explained since the last call. */
  take(): Explanation[]
  /** No packet is to come: as many as were asked for have, or nobody has called `take` for 10 s of the director's time. */
  readonly isOver: boolean
  end(): void
}

/**
 * Explains the next packets of a director in this process that a filter takes, as in pcap-filter(7): 'tcp dst port 80'; '' takes all. A
 * director has one watch at a time: a new one ends the one before. Their times are this computer's. UsageError for a wrong filter.
 */
export function watch(director: Director, filter = '', count = 1): Watch {
  const takes = testOf(filter)
  watches.get(director)?.end()
  const live = new LiveWatch(director, takes, count)
  watches.set(director, live)
  return {
    take: () => atOnce(live.take(Infinity)),
    get isOver() {
      return live.isOver
    },
    end() {
      if (watches.get(director) === live) live.end()
    },
  }
}

/** The last one of each. */
const watches = new WeakMap<Director, LiveWatch>()

function testOf(filter: string): ReturnType<typeof readFilter> {
  try {
    return readFilter(filter)
  } catch (error) {
    throw error instanceof FilterError ? new UsageError(error.message) : error
  }
}

/** An explanation as `uvs explain` prints it, in lines, without colours. */
export function explanationText(explanation: Explanation): string {
  return textOf(explanation)
}
