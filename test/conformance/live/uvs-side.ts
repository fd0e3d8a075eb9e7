import { brief } from '../../support/frames.js'
import { Chunk } from '../../support/sctp.js'
import type { DoStep, SendStep, Side } from '../case.js'
import { Rig, type Mode } from '../rig.js'
import { pieceFrame, tunnelErrorFrame, wholeFrame } from './live-frames.js'
import { Routes } from './routes.js'
import {
  PLAY_IDS,
  type Flow,
  type LiveStep,
  type PauseStep,
  type Scenario,
  type SendableStep,
  type WholeStep,
} from './scenario.js'

/** How far the directors' clocks may be apart. */
const CLOCK_SECONDS = 0.06
/** Of connections with a longer time the scenarios see no end, unless they are ended at once. */
const LONGEST_SECONDS = 12

/** What says nothing of a flow goes to no server. */
const NOBODY = { address: '10.99.2.11', port: 80 }
let plays = 0

/** Lists what there is at the end. */
export const STATE = 'ipvsadm -Lcn; ipvsadm -Ln --sort'

/** uvs could not play it: why. */
export class Unplayable extends Error {
  override readonly name = 'Unplayable'
}

/**
 * Plays a scenario on a fresh director, step by step, and answers each as a recording has it: with the frame that was
 * sent (an answer comes from the server that the director chose), and with what uvs did. Time passes as it is told.
 */
export class UvsSide {
  readonly #rig: Rig
  readonly #routes = new Routes()
  /** So that a piece is never taken for one of a datagram of the scenario before, which the kernel may still wait for. */
  readonly #firstId = (plays++ * PLAY_IDS) & 0xffff
  #now = 0
  /** When what has run out here has run out on the kernel too. */
  #runOutBy = 0

  private constructor(mode: Mode) {
    this.#rig = new Rig(mode)
  }

  static async start(scenario: Scenario, mode: Mode = {}): Promise<UvsSide> {
    const side = new UvsSide(mode)
    const { status, err } = await side.#rig.run(scenario.setup.join('\n'))
    if (status !== 0 || err !== '') throw new Unplayable(`the setup: status ${status}, ${err}`)
    side.#rig.take()
    return side
  }

  async play(step: Exclude<LiveStep, PauseStep>): Promise<SendStep | DoStep> {
    if (step.kind === 'do') {
      const result = await this.#rig.run(step.script)
      return { kind: 'do', note: '', script: step.script, result, out: this.#rig.take(), quiet: undefined }
    }
    const frame = this.#frameOf(step)
    const side = sideOf(step)
    this.#rig.send(side, frame)
    const out = this.#rig.take()
    const flow = flowOf(step)
    if (flow && side === 'c') this.#routes.learn(flow, out)
    return {
      kind: 'send',
      note: `${side}: ${brief(frame)}`,
      send: { side, frame },
      out,
      quiet: undefined,
    }
  }

  #frameOf(step: SendableStep): Uint8Array {
    const flow = flowOf(step)
    const server = flow ? this.#routes.of(flow) : NOBODY
    if (step.kind === 'piece') return pieceFrame(step, server, this.#firstId)
    if (step.kind !== 'tunnel-error') return wholeFrame(step, server)
    return tunnelErrorFrame(step, server, this.#routes.tunnelled(step.flow))
  }

  async state(): Promise<string> {
    return (await this.#rig.run(STATE)).out
  }

  /** A packet that begins a connection anew may tell the old one to expire, which the kernel does at its next jiffy. */
  mayEndOthers(step: LiveStep): boolean {
    const packet = step.kind === 'piece' ? step.of : step
    if (packet.kind !== 'packet' || packet.from !== 'c' || !this.#routes.has(packet.flow)) return false
    return packet.shape.flags?.includes('S') === true || packet.shape.chunks?.[0] === Chunk.INIT
  }

  /** Lets time pass, and timers with it. */
  advance(seconds: number): void {
    for (const { left, timeout } of this.#rig.timers())
      if (left <= seconds) this.#runOutBy = Math.max(this.#runOutBy, this.#now + left + lateness(timeout))
    this.#rig.advance(seconds * 1000)
    this.#now += seconds
    this.#rig.take()
  }

  /**
   * How many seconds to wait, so that no connection runs out on one director and not yet on the other in the `ahead`
   * seconds from then on, or nearly so: ask again after them.
   */
  uncertainSeconds(ahead: number): number {
    const soon = this.#rig.timers().filter(({ left }) => left <= ahead + CLOCK_SECONDS)
    return Math.max(0, this.#runOutBy - this.#now, ...soon.map(({ left, timeout }) => left + lateness(timeout)))
  }
}

function wholeOf(step: Exclude<SendableStep, { kind: 'tunnel-error' }>): WholeStep {
  return step.kind === 'piece' ? step.of : step
}

function sideOf(step: SendableStep): Side {
  return step.kind === 'tunnel-error' ? 'r' : wholeOf(step).from
}

function flowOf(step: SendableStep): Flow | undefined {
  if (step.kind === 'tunnel-error') return step.flow
  const whole = wholeOf(step)
  return whole.kind === 'echo' ? undefined : whole.flow
}

/** Linux lets a timer run out up to an eighth of its time late: the levels of its timer wheel. */
function lateness(timeout: number): number {
  return CLOCK_SECONDS + (timeout <= LONGEST_SECONDS ? timeout / 8 : 0)
}
