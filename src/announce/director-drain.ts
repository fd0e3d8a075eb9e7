import type { Answer, Control, DirectorDrainInfo } from '../control/protocol/api.js'

/** Between two looks, ms. */
const LOOK_MS = 1000
/** No packet in so many looks: routers send everything elsewhere. */
const QUIET_LOOKS = 3
/** Whoever watches the drain learns its end before the director goes: for so long it stays, ms. */
const LINGER_MS = 1500
/** And for so long if somebody who has watched has not asked since, as on a busy host, ms. */
const LINGER_WATCHED_MS = 15_000
const LINGER_LOOK_MS = 100

export interface DirectorDrainOf {
  readonly director: Control
  readonly announcer: { withdraw(): void; restore(): void }
  /** The director is to stop. */
  readonly stop: () => void
  readonly tell: (line: string) => void
  /** Monotonic, ms. */
  readonly now: () => number
}

interface Running {
  readonly beganMs: number
  deadlineMs: number
  info: DirectorDrainInfo
  packets: number | undefined
  quiet: number
  isWatched: boolean
  isEndSeen: boolean
}

/**
 * Takes a director out of a fleet: withdraws its routes, waits until no connection is left, no packet comes any more (its flows have moved), or
 * the deadline; then stops it. Once a second it asks the director for two numbers.
 */
export class DirectorDrain {
  readonly #of: DirectorDrainOf
  #running: Running | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(of: DirectorDrainOf) {
    this.#of = of
  }

  /** For whoever watches it; undefined: none runs. */
  watched(): DirectorDrainInfo | undefined {
    const running = this.#running
    if (!running) return undefined
    running.isWatched = true
    running.isEndSeen = running.info.state === 'ended'
    const now = this.#of.now()
    const deadline = Math.max(0, (running.deadlineMs - now) / 1000)
    return { ...running.info, seconds: rounded((now - running.beganMs) / 1000), deadline: rounded(deadline) }
  }

  /** Begins, or gives one that runs another deadline. */
  begin(deadlineS: number): void {
    const nowMs = this.#of.now()
    const deadlineMs = nowMs + deadlineS * 1000
    if (this.#running) {
      this.#running.deadlineMs = deadlineMs
      return
    }
    this.#of.announcer.withdraw()
    const info: DirectorDrainInfo = {
      state: 'draining',
      seconds: 0,
      deadline: deadlineS,
      connections: null,
      packets: null,
    }
    this.#running = {
      beganMs: nowMs,
      deadlineMs,
      info,
      packets: undefined,
      quiet: 0,
      isWatched: false,
      isEndSeen: false,
    }
    this.#of.tell(`drains: it announces nothing any more, and stops within ${deadlineS} s`)
    this.#timer = setTimeout(() => void this.#look(), LOOK_MS)
  }

  /** Announces again. False if none runs, or it has ended. */
  cancel(): boolean {
    if (this.#running?.info.state !== 'draining') return false
    this.close()
    this.#of.announcer.restore()
    this.#of.tell('the drain is taken back: it announces again')
    return true
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#running = undefined
  }

  async #look(): Promise<void> {
    const running = this.#running
    if (!running) return
    const reply = await this.#of.director.call<'figures'>({ op: 'figures' })
    if (this.#running !== running) return
    if (reply.ok) {
      const { connections, totals } = reply.value
      const packets = totals.inPkts + totals.outPkts
      const come = running.packets === undefined ? null : packets - running.packets
      running.packets = packets
      running.quiet = come === 0 ? running.quiet + 1 : 0
      running.info = { ...running.info, connections: connections.open, packets: come }
    }
    const why = this.#over(running)
    if (why !== undefined) return this.#end(running, why)
    this.#timer = setTimeout(() => void this.#look(), LOOK_MS)
  }

  #over({ info: { connections }, quiet, deadlineMs }: Running): DirectorDrainInfo['end'] {
    if (connections === 0) return 'empty'
    if (quiet >= QUIET_LOOKS) return 'moved'
    return this.#of.now() >= deadlineMs ? 'deadline' : undefined
  }

  #end(running: Running, end: NonNullable<DirectorDrainInfo['end']>): void {
    running.info = { ...running.info, state: 'ended', end }
    this.#of.tell(`drained: ${ENDS[end]}; it stops`)
    const nowMs = this.#of.now()
    this.#linger(running, nowMs + LINGER_MS, nowMs + LINGER_WATCHED_MS)
  }

  #linger(running: Running, leastMs: number, mostMs: number): void {
    const nowMs = this.#of.now()
    const isAwaited = running.isWatched && !running.isEndSeen
    if (nowMs >= (isAwaited ? mostMs : leastMs)) return this.#of.stop()
    this.#timer = setTimeout(() => this.#linger(running, leastMs, mostMs), LINGER_LOOK_MS)
  }
}

const ENDS = {
  empty: 'no connection is left',
  moved: 'no packet comes any more, its connections have moved',
  deadline: 'the deadline has come',
}

/** What a request about announcements is answered by a director that announces. */
export function answerDrain(
  drain: DirectorDrain,
  request: { op: 'drain-director'; deadline: number } | { op: 'cancel-drain' },
): Answer<null> {
  if (request.op === 'drain-director') drain.begin(request.deadline)
  else if (!drain.cancel()) return { ok: false, refusal: 'ESRCH', message: 'no drain is under way' }
  return { ok: true, value: null }
}

/** To a tenth, for reading. */
function rounded(value: number): number {
  return Math.round(value * 10) / 10
}
