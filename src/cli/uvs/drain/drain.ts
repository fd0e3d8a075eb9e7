import { setTimeout as sleep } from 'node:timers/promises'
import type { Control, DestinationInfo, Reply } from '../../../control/protocol/api.js'
import { connectControl, Unreachable } from '../../../control/socket/client.js'
import { defaultControl, outliveReaders } from '../../command.js'
import { RefusedByDirector } from '../../uvsadm/failure.js'
import { endpointText } from '../../../control/protocol/service-name.js'
import { type Names, systemNames } from '../../uvsadm/options/names.js'
import { destinationOptions, serviceWords } from '../../uvsadm/commands/save.js'
import type { UvsCommand } from '../command.js'
import { drainDirector } from './drain-director.js'
import { DIRECTOR_FORM, parseDirectorDrain } from './drain-director-options.js'
import { DrainEstimate } from './drain-estimate.js'
import { DRAIN_FORMS, type DrainOptions, parseDrain } from './drain-options.js'
import { countsText, type DrainEnd, type DrainProgress, DrainReport } from './drain-report.js'
import type { DrainOutput } from './progress-lines.js'
import { type DrainTarget, findServer, findTarget, oneService } from './drain-target.js'
import { durationText } from '../options/duration.js'

/** What a drain needs besides the director. */
export interface DrainWorld {
  /** The time in seconds. */
  now(): number
  /** Resolves after `seconds`, or as soon as `signal` is aborted. */
  wait(seconds: number, stop: AbortSignal): Promise<void>
  output: DrainOutput
  names: Names
}

const LOOK_EVERY_S = 1
/** The most passes through the connection table. Two suffice unless clients reconnect faster than connections are ended. */
const ROUNDS = 5
const INTERRUPTED = 130

export const drain: UvsCommand = {
  name: 'drain',
  help: `Takes a real server out of a service gently.
Sets its weight to 0, so that it gets no new connections, shows how many it still has, ends as soon as it has none, and at the
deadline does what --then says: keep leaves what remains; reset takes its connections and persistence templates out of the
table, so that the next packet of a client is answered with RST (UDP: goes to another server, or ICMP 3/3). docs/drain.md says what real servers see.
SERVICE can be a bare VIP:PORT where only one protocol has it. The weight stays 0; the last line says how to put it back.
With --director the director itself leaves its fleet: it withdraws the routes of its virtual addresses (--announce), goes on serving until no
connection is left, no packet comes any more, or the deadline, and stops. docs/fleet.md says more.
Status: 0 it has none left, or the deadline came and what was asked was done; 1 refused, or ended early because somebody set
the weight or deleted the server, or because the director went; 130 Ctrl-C.`,
  forms: [DIRECTOR_FORM, ...DRAIN_FORMS],
  async run(args) {
    const options = parseDirectorDrain(args) ?? parseDrain(args)
    const stop = new AbortController()
    const onSignal = (): void => stop.abort()
    process.once('SIGINT', onSignal).once('SIGTERM', onSignal)
    outliveReaders()
    const control = connectControl(options.control ?? defaultControl())
    try {
      if ('cancel' in options) return await drainDirector(options, control, systemWorld(), stop.signal)
      return await drainServer(options, control, systemWorld(), stop.signal)
    } finally {
      control.close()
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
    }
  },
}

function systemWorld(): DrainWorld {
  const { stdout } = process
  return {
    now: () => performance.now() / 1000,
    wait: (seconds, signal) => sleep(seconds * 1000, undefined, { signal }).catch(() => {}), // aborted: the caller sees it
    output: { write: text => void stdout.write(text), columns: stdout.isTTY ? stdout.columns || 80 : undefined },
    names: systemNames(),
  }
}

/** Drains; returns the exit status. Progress goes to the world's output. Throws only before anything has been changed. */
export async function drainServer(
  options: DrainOptions,
  control: Control,
  world: DrainWorld,
  stop: AbortSignal,
): Promise<number> {
  const target = await findTarget(control, options, world.names)
  return new Drain(options, target, control, world, stop).run()
}

class Drain {
  readonly #options: DrainOptions
  readonly #target: DrainTarget
  readonly #control: Control
  readonly #world: DrainWorld
  readonly #stop: AbortSignal
  readonly #report: DrainReport
  readonly #estimate = new DrainEstimate()
  readonly #began: number
  #last: DrainProgress | undefined

  constructor(options: DrainOptions, target: DrainTarget, control: Control, world: DrainWorld, stop: AbortSignal) {
    this.#options = options
    this.#target = target
    this.#control = control
    this.#world = world
    this.#stop = stop
    this.#report = new DrainReport(world.output, options.json)
    this.#began = world.now()
  }

  /** Returns the exit status. Throws Refused and Unreachable only while nothing has been changed. */
  async run(): Promise<number> {
    await this.#quiesce()
    let end: DrainEnd
    try {
      await this.#introduce()
      end = await this.#watch()
    } catch (error) {
      if (!(error instanceof RefusedByDirector || error instanceof Unreachable)) throw error
      end = { state: 'lost', status: 1, message: `stopped: ${error.message}` }
    }
    this.#report.end({ ...end, ...this.#undo(end) }, this.#last)
    return end.status
  }

  async #quiesce(): Promise<void> {
    const { key, destination, server } = this.#target
    if (server.weight === 0) return
    const { method, tunnel, upperThreshold, lowerThreshold } = server
    const settings = { method, ...(tunnel && { tunnel }), weight: 0, upperThreshold, lowerThreshold }
    const reply = await this.#control.call({ op: 'edit-destination', service: key, destination, settings })
    if (!reply.ok) throw new RefusedByDirector(reply.message, 1)
  }

  async #introduce(): Promise<void> {
    const { service, server } = this.#target
    const { deadlineS, afterwards } = this.#options
    const weight = server.weight === 0 ? 'weight 0 already' : `weight ${server.weight} → 0`
    const fate = afterwards === 'keep' ? 'is left as it is' : 'is ended'
    this.#report.note(`${this.#name()}: ${weight}; what remains after ${durationText(deadlineS)} ${fate}`)
    if (service.persistence > 0 && !(await this.#templatesYield()))
      this.#report.note(
        `its clients are persistent: one that comes back within ${durationText(service.persistence)} still comes here ` +
          '(unless: uvs sysctl expire_quiescent_template=1)',
      )
  }

  /** Checks once a second, until no connection is left, the deadline comes, or something interrupts. */
  async #watch(): Promise<DrainEnd> {
    const { now, wait } = this.#world
    const deadline = this.#began + this.#options.deadlineS
    for (;;) {
      const end = await this.#look(deadline)
      if (end) return end
      if (this.#stop.aborted) return { state: 'interrupted', status: INTERRUPTED, message: 'interrupted' }
      const left = deadline - now()
      if (left <= 0) return this.#options.afterwards === 'keep' ? this.#kept() : await this.#reset()
      await wait(Math.min(LOOK_EVERY_S, left), this.#stop)
    }
  }

  /** The state of the drain; and why it is over, if it is. */
  async #look(deadline: number): Promise<DrainEnd | undefined> {
    const { key, destination } = this.#target
    const service = await oneService(this.#control, key)
    if (!service) return gone(`the service ${serviceWords(key)} has been deleted`)
    const server = findServer(service, destination)
    if (!server) return gone('somebody has deleted the real server')
    if (server.weight !== 0) {
      const message = `stopped: somebody has set the weight to ${server.weight} again; nothing was ended`
      return { state: 'changed', status: 1, message }
    }
    const countsTemplates = service.persistence > 0 || server.persistConns > 0
    const mayIgnore = countsTemplates && (await this.#templatesYield())
    const left = server.activeConns + server.inactConns + (mayIgnore ? 0 : server.persistConns)
    this.#see(server, left, deadline)
    if (left === 0) return { state: 'drained', status: 0, message: 'no connection is left' }
    this.#report.progress(this.#last!)
    return undefined
  }

  #see(server: DestinationInfo, left: number, deadline: number): void {
    const now = this.#world.now()
    this.#estimate.see(now, left)
    const { perSecond, secondsLeft } = this.#estimate
    this.#last = {
      seconds: rounded(now - this.#began),
      deadline: rounded(Math.max(0, deadline - now)),
      active: server.activeConns,
      inactive: server.inactConns,
      persistent: server.persistConns,
      perSecond: perSecond === undefined ? null : rounded(perSecond),
      estimate: secondsLeft === undefined || secondsLeft === Infinity ? null : rounded(secondsLeft),
    }
  }

  #kept(): DrainEnd {
    const message = `the deadline has come: ${countsText(this.#last!)} left, and left alone`
    return { state: 'kept', status: 0, message }
  }

  /** Passes through the table until one finds no connection to end. */
  async #reset(): Promise<DrainEnd> {
    const ended = { connections: 0, templates: 0 }
    for (let round = 0; round < ROUNDS; round++) {
      const before = ended.connections + ended.templates
      await this.#endOnce(ended)
      if (ended.connections + ended.templates === before) break
    }
    const message = `the deadline has come: ended ${ended.connections} connections and ${ended.templates} persistence templates`
    const { key, destination } = this.#target
    const service = await oneService(this.#control, key)
    const server = service && findServer(service, destination)
    if (server && server.activeConns + server.inactConns > 0)
      return { state: 'reset', status: 1, message: `${message}; ${countsOf(server)} have come meanwhile`, ended }
    if (server && this.#last) this.#last = { ...this.#last, active: 0, inactive: 0, persistent: server.persistConns }
    return { state: 'reset', status: 0, message, ended }
  }

  async #endOnce(ended: { connections: number; templates: number }): Promise<void> {
    const { key: service, destination } = this.#target
    for (let from: number | null = 0; from !== null;) {
      const reply: Reply<'end-connections'> = await this.#control.call<'end-connections'>({
        op: 'end-connections',
        service,
        destination,
        from,
      })
      if (!reply.ok) throw new RefusedByDirector(`ended ${ended.connections} connections, then: ${reply.message}`, 1)
      ended.connections += reply.value.connections
      ended.templates += reply.value.templates
      from = reply.value.next
    }
  }

  /** Whether persistent clients are sent to another server once theirs has weight 0. */
  async #templatesYield(): Promise<boolean> {
    const reply = await this.#control.call({ op: 'sysctls' })
    if (!reply.ok) throw new RefusedByDirector(reply.message, 1)
    return reply.value.some(([name, value]) => name === 'expire_quiescent_template' && value !== '0')
  }

  #name(): string {
    const { key, destination } = this.#target
    return `${serviceWords(key)} -r ${endpointText(destination)}`
  }

  /** Undefined if the weight was 0, has been set by another client, or the server is gone. */
  #undo({ state }: DrainEnd): { undo?: string } {
    const { server } = this.#target
    if (server.weight === 0 || state === 'changed' || state === 'gone') return {}
    return { undo: `uvsadm -e ${this.#name()} ${destinationOptions(server).join(' ')}` }
  }
}

function gone(why: string): DrainEnd {
  return { state: 'gone', status: 1, message: `stopped: ${why}; its connections were not ended` }
}

function countsOf({ activeConns, inactConns, persistConns }: DestinationInfo): string {
  return countsText({ active: activeConns, inactive: inactConns, persistent: persistConns })
}

/** Rounds to a tenth, for reading. */
function rounded(value: number): number {
  return Math.round(value * 10) / 10
}
