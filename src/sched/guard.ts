import type { Destination } from '../service/destination.js'
import type { Service } from '../service/service.js'
import type { ServiceIdentity } from '../service/service-identity.js'
import type { BoundScheduler, Scheduler } from './scheduler.js'

/** A user's scheduler threw, or returned something other than a destination of the service. */
export class SchedulerFailure extends Error {}

/**
 * Stands between a user's scheduler and the director: an exception or a wrong result becomes a SchedulerFailure
 * of `schedule`; in the other calls it is only reported, with the names of the scheduler and the service.
 */
export function guard(
  scheduler: Scheduler,
  report: (problem: string) => void,
  nameOf: (service: ServiceIdentity) => string,
): Scheduler {
  return {
    name: scheduler.name,
    bind(service, random) {
      const bound: unknown = scheduler.bind(service, random)
      if (typeof (bound as BoundScheduler | null)?.schedule !== 'function')
        throw new TypeError('bind() returned no object with a schedule()')
      const whose = `scheduler ${scheduler.name} of ${nameOf(service)}: `
      return guardBound(bound as BoundScheduler, service, whose, report)
    },
  }
}

function guardBound(
  bound: BoundScheduler,
  service: Service,
  whose: string,
  report: (problem: string) => void,
): BoundScheduler {
  const quietly = (call: string, run: () => void): void => {
    try {
      run()
    } catch (error) {
      report(`${whose}${call}() threw: ${text(error)}`)
    }
  }
  return {
    schedule(flow, nowMs) {
      let answer: Destination | undefined | null
      try {
        answer = bound.schedule(flow, nowMs)
      } catch (error) {
        throw new SchedulerFailure(`${whose}schedule() threw: ${text(error)}`)
      }
      if (answer === undefined || answer === null) return undefined
      if (!service.destinations.includes(answer))
        throw new SchedulerFailure(`${whose}schedule() returned no destination of the service`)
      return answer
    },
    added: dest => quietly('added', () => bound.added?.(dest)),
    edited: dest => quietly('edited', () => bound.edited?.(dest)),
    removed: (dest, index) => quietly('removed', () => bound.removed?.(dest, index)),
    tick: nowMs => quietly('tick', () => bound.tick?.(nowMs)),
    unbound: () => quietly('unbound', () => bound.unbound?.()),
  }
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
