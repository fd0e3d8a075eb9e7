import { textAs, type Read } from './fields.js'
import { duration } from './quantities.js'
import type { Assertion } from './scenario.js'

/** An assertion as people say it, how it is read, and what is found in it. */
interface Form {
  readonly says: string
  readonly like: RegExp
  readonly read: (words: Readonly<Record<string, string>>) => DistributiveOmit<Assertion, 'text'> | undefined
}
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

const NAME = String.raw`(?<name>[A-Za-z][\w-]*)`
const NUMBER = String.raw`(?<number>\d{1,9}(?:\.\d{1,6})?)`
const COUNT = String.raw`(?<number>\d{1,9})`
const TIME = String.raw`(?<time>\S+)`

/** All there are; docs/scenarios.md has them too. */
export const ASSERTION_FORMS: readonly Form[] = [
  form('no real server above N %', `no real server above ${NUMBER} ?%`, ({ number }) => ({
    kind: 'share-most',
    server: undefined,
    percent: Number(number),
  })),
  form('no real server below N %', `no real server below ${NUMBER} ?%`, ({ number }) => ({
    kind: 'share-least',
    server: undefined,
    percent: Number(number),
  })),
  form('NAME at most N %', `${NAME} at most ${NUMBER} ?%`, ({ name, number }) => ({
    kind: 'share-most',
    server: name,
    percent: Number(number),
  })),
  form('NAME at least N %', `${NAME} at least ${NUMBER} ?%`, ({ name, number }) => ({
    kind: 'share-least',
    server: name,
    percent: Number(number),
  })),
  form('no connection broken', 'no connection broken', () => most('broken-most', 0)),
  form('at most N connections broken', `at most ${COUNT} connections? broken`, ({ number }) =>
    most('broken-most', Number(number)),
  ),
  form('no request failed', 'no request failed', () => most('failed-most', 0)),
  form('at most N requests failed', `at most ${COUNT} requests? failed`, ({ number }) =>
    most('failed-most', Number(number)),
  ),
  form('at most N % of requests failed', `at most ${NUMBER} ?% of requests failed`, ({ number }) => ({
    kind: 'failed-most',
    count: undefined,
    percent: Number(number),
  })),
  form('no request moved', 'no request moved', () => ({ kind: 'moved-most', count: 0 })),
  form('at most N requests moved', `at most ${COUNT} requests? moved`, ({ number }) => ({
    kind: 'moved-most',
    count: Number(number),
  })),
  form('at least N requests answered', `at least ${COUNT} requests? answered`, ({ number }) => ({
    kind: 'answered-least',
    count: Number(number),
  })),
  form('drain within TIME', `drain within ${TIME}`, timed('drain')),
  form('recover within TIME', `recover within ${TIME}`, timed('recover')),
  form('p50|p90|p99|max latency below TIME', `(?<name>p50|p90|p99|max) latency below ${TIME}`, ({ name, time }) => {
    const ms = readTime(time)
    return ms === undefined ? undefined : { kind: 'latency', quantile: name as 'p50' | 'p90' | 'p99' | 'max', ms }
  }),
  form('imbalance at most N', `imbalance at most ${NUMBER}`, ({ number }) => ({
    kind: 'imbalance',
    most: Number(number),
  })),
  form('queue at most N', `queue at most ${COUNT}`, ({ number }) => ({ kind: 'queue', most: Number(number) })),
  form('at most N connections in the table', `at most ${COUNT} connections? in the table`, ({ number }) => ({
    kind: 'table',
    most: Number(number),
  })),
  form('no drop', 'no drop', () => ({ kind: 'drops-most', reason: undefined, count: 0 })),
  form('at most N drops [of REASON]', `at most ${COUNT} drops?(?: of (?<name>[a-z-]+))?`, ({ number, name }) => ({
    kind: 'drops-most',
    reason: name,
    count: Number(number),
  })),
  form(
    'NAME is MASTER|BACKUP|FAULT [at TIME]',
    `${NAME} is (?<state>MASTER|BACKUP|FAULT)(?: at ${TIME})?`,
    ({ name, state, time }) => {
      const atMs = time === undefined ? undefined : readTime(time)
      if (time !== undefined && atMs === undefined) return undefined
      return { kind: 'state', director: name!, state: state!, atMs }
    },
  ),
]

const ALLOWED = ASSERTION_FORMS.map(({ says }) => `'${says}'`).join(', ')

export const assertion: Read<Assertion> = textAs(`one of ${ALLOWED}`, text => {
  for (const { like, read } of ASSERTION_FORMS) {
    const found = like.exec(text)
    const what = found ? read(found.groups ?? {}) : undefined
    if (what) return { text, ...what } as Assertion
  }
  return undefined
})

function form(says: string, like: string, read: Form['read']): Form {
  return { says, like: new RegExp(`^${like}$`), read }
}
function most(kind: 'broken-most' | 'failed-most', count: number): DistributiveOmit<Assertion, 'text'> {
  return { kind, count, percent: undefined }
}
function timed(kind: 'drain' | 'recover'): Form['read'] {
  return ({ time }) => {
    const ms = readTime(time)
    return ms === undefined ? undefined : { kind, ms }
  }
}
function readTime(text: string | undefined): number | undefined {
  try {
    return duration(text?.replace(/^(\d+) +/, '$1'), [])
  } catch {
    return undefined
  }
}
