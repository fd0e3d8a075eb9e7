import type { Check } from '../../native-free/lab-report.js'
import { KEPT, METHOD, TRANSLATED, VIPS } from './fleet-plan.js'
import { type FlowCounts, seconds, type Step } from './fleet-report.js'

export interface FleetEvidence {
  steps: readonly Step[]
  /** Whether rules were set in etcd, not on each director. */
  hasEtcd: boolean
  /** Downloads that went on at the end, and those of them that brought octets in the last moments. */
  last: { flows: number; going: number }
  /** How late a timer of the lab's was at most, ms: how busy the machine was. */
  lateMs: number
  /** Frames that the capture had no room for. */
  lost: number
}

/** BFD's three packets of 100 ms, BIRD's and the kernel's moment, ms. */
export const FOUND_MS = 1500
/** A SYN that was lost is sent again after one second, and after three. */
const SYN_AGAIN_MS = 3200
/** Rules that are set in etcd reach all directors in less, ms. */
const RULES_MS = 1000
const LATE_TIMES = 4

/** Whether what was seen is as it must be. Pure. */
export function fleetChecks({ steps, last, lateMs, lost, hasEtcd }: FleetEvidence): Check[] {
  const allowedMs = FOUND_MS + LATE_TIMES * lateMs
  const translated = sumOf(steps, TRANSLATED)
  const failing = steps.filter(({ requests, load }) => requests.failed > 0 || load.failed > 0)
  const rules = hasEtcd ? steps.filter(({ what }) => what.startsWith('rules')) : []
  const quiet = steps.filter(({ hurts }) => !hurts)
  const slow = steps.filter(({ hurts, tookMs }) => hurts && tookMs > allowedMs)
  return [
    ...KEPT.map(vip => {
      const { moved, broken } = sumOf(steps, vip)
      return {
        name: `no connection by ${METHOD[vip]} that mh promises to keep breaks`,
        holds: broken === 0 && moved > 0,
        detail: `${moved} moved to another director, ${broken} broke${lost > 0 ? `; the capture lost ${lost} frames` : ''}`,
      }
    }),
    {
      // Not all of them: one that has nothing to send when it moves may have moved back before it has.
      name: 'by FULLNAT connections that move break, and no others',
      holds: translated.moved > 0 && translated.broken > 0 && translated.brokenUnmoved === 0,
      detail: `${translated.moved} moved, ${translated.broken} broke, ${translated.brokenUnmoved} of them without`,
    },
    {
      name: 'all downloads that are left go on',
      holds: last.flows > 0 && last.going === last.flows,
      detail: `${last.going} of ${last.flows}`,
    },
    {
      name: 'the router knows soon that a director is gone',
      holds: slow.length === 0,
      detail: steps.filter(({ hurts }) => hurts).map(({ what, tookMs }) => `${seconds(tookMs)} after ${what}`).join(', '), // prettier-ignore
    },
    {
      name: 'requests fail only while the router has not heard of a director that died',
      holds: quiet.every(step => failures(step) === 0) && failing.every(({ requests }) => requests.failedForMs <= allowedMs + SYN_AGAIN_MS), // prettier-ignore
      detail: failing.map(step => `${failures(step)} when ${step.what}`).join(', ') || 'none failed',
    },
    {
      name: 'directors that the router shares flows among say in /metrics that they announce all addresses',
      holds: steps.every(({ hops, announced }) => hops.every(name => announced[name] === VIPS.length)),
      detail: steps.map(({ announced }) => Object.entries(announced).map(each => each.join(' ')).join(', ')).at(-1) ?? 'no step', // prettier-ignore
    },
    ...rules.map(({ what, tookMs }) => ({
      name: `${what}: set once in etcd, all directors have them in less than a second`,
      holds: tookMs <= RULES_MS + LATE_TIMES * lateMs,
      detail: `${seconds(tookMs)}${tookMs > RULES_MS ? `: more, and a timer here was ${seconds(lateMs)} late: the machine is busy` : ''}`,
    })),
  ]
}

function sumOf(steps: readonly Step[], vip: keyof Step['byVip']): FlowCounts {
  const sum = { flows: 0, moved: 0, needed: 0, broken: 0, brokenUnmoved: 0, promised: 0 }
  for (const { byVip } of steps)
    for (const name of Object.keys(sum) as (keyof FlowCounts)[]) sum[name] += byVip[vip][name]
  return sum
}

const failures = (step: Step): number => step.requests.failed + step.load.failed
