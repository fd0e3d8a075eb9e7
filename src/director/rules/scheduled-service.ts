import type { BoundScheduler, Scheduler } from '../../sched/scheduler.js'
import type { ServiceIdentity } from '../../service/service-identity.js'
import type { ServiceSettings } from '../../service/service-settings.js'
import { Service } from '../../service/service.js'
import type { Sysctls } from '../../service/sysctls.js'

/** Between two ticks of a scheduler. */
const MINUTE_MS = 60_000

/** A service with its scheduler. */
export class ScheduledService extends Service {
  scheduler: Scheduler
  bound: BoundScheduler
  /** When the scheduler's next tick is due, in ms. */
  nextTick: number

  /** Throws if the scheduler's `bind` throws. */
  constructor(
    identity: ServiceIdentity,
    settings: ServiceSettings,
    counters: number,
    sysctls: Sysctls,
    bind: { scheduler: Scheduler; random: () => number; nowMs: number },
  ) {
    super(identity, settings, counters, sysctls)
    this.scheduler = bind.scheduler
    this.bound = bind.scheduler.bind(this, bind.random)
    this.nextTick = bind.nowMs + MINUTE_MS
  }

  /** Binds another scheduler. If its `bind` throws, the service keeps its scheduler and its settings. */
  rebind(scheduler: Scheduler, settings: ServiceSettings, random: () => number, nowMs: number): void {
    const before = this.settings
    this.settings = settings
    try {
      const bound = scheduler.bind(this, random)
      this.bound.unbound?.()
      this.bound = bound
    } catch (error) {
      this.settings = before
      throw error
    }
    this.scheduler = scheduler
    this.nextTick = nowMs + MINUTE_MS
  }

  /** Ticks the scheduler: a minute is over. */
  tick(nowMs: number): void {
    this.bound.tick?.(nowMs)
    this.nextTick += MINUTE_MS
  }
}
