import { setTimeout as sleep } from 'node:timers/promises'
import type { Control, Outcome } from '../../../control/protocol/api.js'
import { conservation, conservationLine } from '../../../control/protocol/conservation.js'
import type { DropInfo } from '../../../control/protocol/drops.js'
import type { FieldInfo } from '../../../control/protocol/explain.js'
import { jsonDocument } from '../../json.js'
import type { UvsCommand } from '../command.js'
import { readOptions } from '../options/read-options.js'
import { showWatched, WATCHED_FORM } from '../seen/watched.js'
import { adviceOn } from './advice.js'

/** Between the two looks that a rate is made of, where there is no list before. */
const RATE_MS = 500

export const drops: UvsCommand = {
  name: 'drops',
  help: `Shows why frames went no further: each reason that there was since the start.
How many, how many a second now, the last such frame as it was then, the service that it was for, what to do; last,
what became of all frames that came in.`,
  forms: [WATCHED_FORM],
  async run(args) {
    const given = readOptions(drops, args)
    const rates = new Rates()
    return showWatched('drops', given, control => showDrops(control, rates, given.has('--json')))
  },
}

/** Counts of an earlier look, to make rates of. */
export class Rates {
  #atMs: number | undefined
  #counts = new Map<string, number>()

  /** Whether there was a look before. */
  get hasBegun(): boolean {
    return this.#atMs !== undefined
  }
  /** A second, since the look before; takes this as the next one's. */
  look(list: readonly DropInfo[], nowMs: number): Map<string, number> {
    const seconds = (nowMs - (this.#atMs ?? nowMs)) / 1000
    const rates = list.map(({ reason, count }) => {
      const more = Math.max(0, count - (this.#counts.get(reason) ?? 0))
      return [reason, seconds === 0 ? 0 : more / seconds] as const
    })
    this.#atMs = nowMs
    this.#counts = new Map(list.map(({ reason, count }) => [reason, count]))
    return new Map(rates)
  }
}

/** Throws the director's refusal as an Error of one line. */
export async function showDrops(control: Control, rates: Rates, asJson = false, waitMs = RATE_MS): Promise<Outcome> {
  if (!rates.hasBegun) {
    rates.look(await asked(control), performance.now())
    await sleep(waitMs)
  }
  const list = (await asked(control)).toSorted((one, other) => other.count - one.count)
  const perSecond = rates.look(list, performance.now())
  const rows = list.map(drop => ({ ...drop, perSecond: Math.round(perSecond.get(drop.reason)! * 10) / 10 }))
  if (asJson) return { status: 0, out: jsonDocument('drops', rows), err: '' }
  return { status: 0, out: dropsText(rows) + (await framesLine(control)), err: '' }
}

/** What became of all frames that came in. */
async function framesLine(control: Control): Promise<string> {
  const reply = await control.call({ op: 'figures' })
  if (!reply.ok) throw new Error(reply.message)
  return `${conservationLine(conservation(reply.value))}\n`
}

async function asked(control: Control): Promise<DropInfo[]> {
  const reply = await control.call({ op: 'drops' })
  if (!reply.ok) throw new Error(reply.message)
  return reply.value
}

/** A reason and its count, then in lines of their own the last frame and what to do. */
function dropsText(rows: readonly (DropInfo & { perSecond: number })[]): string {
  if (rows.length === 0) return 'no frame was dropped or refused\n'
  const [reasons, counts, rates] = [
    rows.map(({ reason }) => reason.length),
    rows.map(({ count }) => String(count).length),
    rows.map(({ perSecond }) => String(perSecond).length),
  ].map(widths => Math.max(...widths)) as [number, number, number]
  return rows
    .flatMap(({ reason, count, perSecond, last }) => {
      const advice = adviceOn(reason) ?? (reason.startsWith('drop-device-') ? LOST : undefined)
      return [
        `${reason.padEnd(reasons)}  ${String(count).padStart(counts)}  ${String(perSecond).padStart(rates)}/s`,
        ...(last
          ? [
              `  last: ${last.packet}, by ${last.link}${fromMac(last.fields)}, ${last.ago} s ago${ofService(last.service)}`,
            ]
          : []),
        ...(advice === undefined ? [] : [`  ${advice}`]),
      ]
    })
    .map(line => `${line}\n`)
    .join('')
}
function fromMac(fields: readonly FieldInfo[]): string {
  const mac = fields.find(([name]) => name === 'eth.src')?.[1]
  return mac === undefined ? '' : ` from ${mac}`
}
function ofService(service: string | undefined): string {
  return service === undefined ? '' : `, for ${service}`
}
const LOST = 'lost by the interface before or after the director: a full ring, an oversized or truncated frame'
