import type { Check } from '../../native-free/lab-report.js'
import type { Asked, Download } from './client-news.js'
import { ADVERT_MS, SERVERS, SPREAD, VIPS } from './ha-plan.js'
import type { Burst, Deed } from './ha-report.js'
import { bothMs } from './masters.js'
import { megabytes } from './narrator.js'
import type { Advert } from './wire-news.js'

export interface HaEvidence {
  adverts: readonly Advert[]
  /** Frames that the capture lost. */
  lost: number
  /** Log lines about adverts that were refused. */
  refusals: readonly string[]
  deeds: readonly Deed[]
  asked: readonly Asked[]
  bursts: readonly Burst[]
  downloads: readonly Download[]
  /** Of a whole download. */
  octets: number
}

/**
 * What was sent before a change, or right behind it, may fail for so long, ms: neighbours must hear of it, and a director whose cable is
 * back may be master before HTTP_GET's second check has brought a real server back.
 */
const SETTLES_MS = 1000
/** A connection that was open learns that nobody knows it when its peers send again: after 0.2, 0.4, 0.8, 1.6, 3.2, 6.4 s. */
const BREAKS_MS = 13_000
/** What a busy machine adds to an advert's time, ms. */
const PATIENCE_MS = 200
/** A timer that was so late is worth a word, ms. What is measured passes through several programs, each of which may be late. */
const BUSY_MS = 100
const LATE_TIMES = 4

interface Span {
  what: string
  fromMs: number
  toMs: number
}

/** Whether what was seen is as it must be. Pure. */
export function haChecks(seen: HaEvidence): Check[] {
  return [
    ...seen.deeds.map(deedCheck),
    oneMaster(seen),
    {
      name: 'neither refused the other’s adverts',
      holds: seen.refusals.length === 0,
      detail: seen.refusals[0] ?? `${seen.adverts.length} adverts were seen`,
    },
    requestsCheck(seen),
    burstsCheck(seen),
    downloadsCheck(seen),
  ]
}

function deedCheck({ what, atMs, doneMs, master, limitMs, silenceMs, lateMs }: Deed): Check {
  const becomes = master === undefined ? 'both directors have changed their rules' : `${master} advertises`
  if (doneMs === undefined) return { name: what, holds: false, detail: `${becomes}: never` }
  const silence = silenceMs === undefined ? '' : `, ${seconds(silenceMs)} after the last advert of the one before`
  const took = doneMs - atMs
  const busy = lateMs < BUSY_MS ? '' : ` if the machine were not busy: a timer was ${seconds(lateMs)} late`
  const detail = `${becomes} after ${seconds(took)}${silence}; at most ${seconds(limitMs)}${busy}`
  return { name: what, holds: took <= limitMs + LATE_TIMES * lateMs, detail }
}

function oneMaster({ adverts, lost, deeds }: HaEvidence): Check {
  const both = bothMs(adverts, 1.5 * ADVERT_MS)
  const lateMs = Math.max(0, ...deeds.map(deed => deed.lateMs))
  const holds = lost === 0 && adverts.length > 0 && both <= ADVERT_MS + PATIENCE_MS + LATE_TIMES * lateMs
  const seen = `the longest time that both advertised was ${seconds(both)}`
  return {
    name: 'never two masters longer than an advert interval',
    holds,
    detail: lost === 0 ? seen : `the capture lost ${lost}`,
  }
}

/** When things may fail. */
function spans(deeds: readonly Deed[], settlesMs: number): Span[] {
  return deeds
    .filter(({ hurts }) => hurts !== 'never')
    .map(({ what, atMs, doneMs = Infinity, master, hurts, lateMs }) => {
      const toMs = doneMs + settlesMs + LATE_TIMES * lateMs
      if (hurts === 'meanwhile') return { what, fromMs: atMs, toMs }
      return { what: `${master} is master again`, fromMs: doneMs - PATIENCE_MS, toMs }
    })
}

/** The newest that a time belongs to. */
const spanOf = (among: readonly Span[], fromMs: number, toMs: number): Span | undefined =>
  among.filter(span => fromMs <= span.toMs && toMs >= span.fromMs).at(-1)

/** '142 when lb1 is killed with -9, …' */
function counted(among: readonly Span[], failures: readonly { span: Span | undefined; count: number }[]): string {
  const each = among.map(span => {
    const count = failures.reduce((sum, it) => (it.span === span ? sum + it.count : sum), 0)
    return count === 0 ? undefined : `${count} when ${span.what}`
  })
  return each.filter(text => text !== undefined).join(', ') || 'none'
}

function requestsCheck({ asked, deeds }: HaEvidence): Check {
  const may = spans(deeds, SETTLES_MS)
  const failures = asked
    .filter(({ error }) => error !== undefined)
    .map(it => ({ ...it, count: 1, span: spanOf(may, it.atMs, it.atMs + it.tookMs) }))
  const strange = failures.filter(({ span }) => span === undefined)
  const names = new Set(asked.filter(({ at }) => at === SPREAD).map(({ by }) => by))
  const idle = Object.keys(SERVERS).filter(name => !names.has(name))
  const silent = VIPS.filter(vip => !asked.some(({ at, by }) => at === vip && by !== undefined))
  const wrong = [
    ...strange.slice(0, 1).map(({ at, error }) => `${strange.length} failed at other times, of ${at} ${error}`),
    ...silent.map(vip => `${vip} never answered`),
    ...idle.map(name => `${name} never answered`),
  ]
  const summary = `${asked.length} asked, ${failures.length} failed: ${counted(may, failures)}`
  return {
    name: 'requests fail only while a master or a server is missed',
    holds: wrong.length === 0,
    detail: [...wrong, summary].join('; '),
  }
}

function burstsCheck({ bursts, deeds }: HaEvidence): Check {
  const may = spans(deeds, SETTLES_MS)
  const failures = bursts
    .filter(({ failed }) => failed > 0)
    .map(it => ({ count: it.failed, span: spanOf(may, it.fromMs, it.toMs) }))
  const strange = failures.reduce((sum, it) => (it.span === undefined ? sum + it.count : sum), 0)
  const answered = bursts.reduce((sum, it) => sum + it.answered, 0)
  const summary = `${bursts.length} bursts, ${answered} answered, failed: ${counted(may, failures)}`
  return {
    name: 'so with bursts of requests',
    holds: answered > 0 && strange === 0,
    detail: strange === 0 ? summary : `${strange} failed at other times; ${summary}`,
  }
}

function downloadsCheck({ downloads, deeds, octets }: HaEvidence): Check {
  const may = spans(deeds, BREAKS_MS)
  const broken = downloads.filter(({ error }) => error !== undefined)
  const whole = downloads.filter(it => it.error === undefined && it.octets === octets)
  const strange = downloads.filter(it => !whole.includes(it) && (!it.error || !spanOf(may, it.endMs, it.endMs)))
  const [firstMs, lastMs] = [deeds[0]?.atMs ?? Infinity, deeds.at(-1)?.doneMs ?? Infinity]
  const [before, after] = [whole.some(it => it.endMs <= firstMs), whole.some(it => it.begunMs >= lastMs)]
  const fates = broken.map(it => {
    const span = spanOf(may, it.endMs, it.endMs)
    const when = span ? `${seconds(Math.max(0, it.endMs - span.fromMs))} after ${span.what}` : 'for no reason'
    return `one broke (${it.error}) at ${megabytes(it.octets)} ${when}`
  })
  const wrong = [
    ...(before ? [] : ['none was whole before anything happened']),
    ...(after ? [] : ['none was whole afterwards']),
    ...(strange.length > 0 ? [`${strange.length} ended too soon while all was well`] : []),
  ]
  return {
    name: `downloads of ${megabytes(octets)}`,
    holds: wrong.length === 0,
    detail: [...wrong, `${whole.length} whole`, ...fates].join('; '),
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`
}
