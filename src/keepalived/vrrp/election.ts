import { compareIp, formatIp, type IpAddr } from '../../wire/ip-addr.js'
import { VrrpPriority } from '../../wire/vrrp.js'
import type { Advert } from './check-advert.js'
import type { InstanceSettings } from './settings.js'

/** Adverts come at even intervals: one that ends a delay of so many of them by a hair counts as within (recording preempt-delay). */
const TICK_MS = 10

/** What a backup makes of a valid advert: wait for the next, wait for the skew time alone, or let its own timer go on. */
export type Heard = 'follow' | 'master stops' | 'lower'

/** How a backup judges adverts, and since when it hears a lower master, for preempt_delay. */
export class Preemption {
  #untilMs: number | undefined
  /** That lower adverts are discarded is in the log already. */
  #saidLower = false

  /** A backup anew. */
  forget(): void {
    this.#untilMs = undefined
    this.#saidLower = false
  }

  /** `says`: what is worth a log line. */
  judge(
    { nopreempt, preemptDelayMs }: InstanceSettings,
    priority: number,
    advert: Advert,
    nowMs: number,
    says: (text: string) => void,
  ): Heard {
    if (advert.priority === VrrpPriority.STOPS) {
      says('Backup received priority 0 advertisement')
      return 'master stops'
    }
    if (advert.priority >= priority) {
      this.forget()
      return 'follow'
    }
    if (nopreempt) return 'follow'
    if (preemptDelayMs > 0 && this.#untilMs === undefined) {
      this.#untilMs = nowMs + preemptDelayMs
      says(`start preempt delay (${(preemptDelayMs / 1000).toFixed(6)})`)
    }
    if (this.#untilMs !== undefined && nowMs <= this.#untilMs + TICK_MS) return 'follow'
    const from = formatIp(advert.source)
    if (!this.#saidLower) says(`received lower priority (${advert.priority}) advert from ${from} - discarding`)
    this.#saidLower = true
    return 'lower'
  }
}

/** Why a master must give way, or undefined: the higher priority stays, of equal ones the higher address (RFC 3768 §6.4.3). */
export function reasonToYield(advert: Advert, priority: number, source: IpAddr | undefined): string | undefined {
  const from = `advert from ${formatIp(advert.source)}`
  if (advert.priority > priority) return `${from} with higher priority ${advert.priority}, ours ${priority}`
  if (advert.priority < priority) return undefined
  const isHigher = source === undefined || compareIp(advert.source, source) > 0
  return isHigher ? `${from} with same priority ${priority} but higher IP address than ours` : undefined
}
