import type { InstanceSettings } from './settings.js'

/**
 * What an instance waits for: a backup for the end of the master-down time, a master for its next advert. Version 3 reckons with the
 * master's interval, version 2 with its own, which is the master's too, or the advert is refused.
 */
export class InstanceTimer {
  /** Infinity: nothing. */
  atMs = Infinity
  /** The master-down time is over, and the other members of the sync group are waited for. */
  isWaitingForGroup = false
  #settings: InstanceSettings
  #masterIntervalMs: number

  constructor(settings: InstanceSettings) {
    this.#settings = settings
    this.#masterIntervalMs = settings.advertIntervalMs
  }

  /** New settings, or no master any longer: its interval is forgotten. */
  forgetMaster(settings: InstanceSettings): void {
    this.#settings = settings
    this.#masterIntervalMs = settings.advertIntervalMs
  }

  /** Of a valid advert. Returns what it was before, if it changed. One of 0 would end every wait at once; it is left out. */
  learn(intervalMs: number): number | undefined {
    const before = this.#masterIntervalMs
    if (this.#settings.version === 2 || intervalMs === 0 || intervalMs === before) return undefined
    this.#masterIntervalMs = intervalMs
    return before
  }

  /** Starts anew. */
  set(atMs: number): void {
    this.atMs = atMs
    this.isWaitingForGroup = false
  }
  /** Nothing is waited for. */
  clear(): void {
    this.set(Infinity)
  }

  /** How long a backup waits for an advert: RFC 3768 §6.1, RFC 9568 §6.1. */
  downMs(priority: number): number {
    return this.#settings.downTimerAdverts * this.#masterIntervalMs + this.skewMs(priority)
  }
  /** What it adds, so that the best one is first: up to a second in version 2 whatever the interval, a share of it in version 3. */
  skewMs(priority: number): number {
    return ((256 - priority) / 256) * (this.#settings.version === 2 ? 1000 : this.#masterIntervalMs)
  }
}
