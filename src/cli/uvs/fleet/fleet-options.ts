import { UsageError } from '../../../director/options.js'
import { AS_JSON } from '../../command.js'
import { type Form, type Option, word } from '../../option.js'
import { TARGET_OPTIONS, TARGET_WORDS } from '../drain/drain-options.js'
import { readDuration } from '../options/duration.js'
import { ETCD, ETCD_OPTIONS } from '../options/etcd-options.js'
import type { Given } from '../options/read-options.js'

const SCHEDULER: Option = {
  flags: ['--scheduler'],
  value: 'FILE',
  is: 'file',
  help: 'a scheduler of your own that the directors have',
  repeatable: true,
}
const WHERE: readonly Option[] = [
  { ...ETCD, help: `${ETCD.help}; default $ETCDCTL_ENDPOINTS, else http://127.0.0.1:2379` },
  ...ETCD_OPTIONS,
]
const FILE = { value: 'FILE', is: 'file' } as const

export const FLEET_FORMS: readonly Form[] = [
  { words: [word('plan'), FILE], options: [AS_JSON, SCHEDULER, ...WHERE] },
  {
    words: [word('apply'), FILE],
    options: [
      {
        flags: ['--at'],
        value: 'REVISION',
        help: 'only if nothing was written since, which show, plan and apply name; else status 3',
      },
      {
        flags: ['--retry'],
        value: 'N',
        help: 'if somebody writes meanwhile, plan anew, N times at the most; 0 unless given',
      },
      AS_JSON,
      SCHEDULER,
      ...WHERE,
    ],
  },
  { words: [word('show')], options: [AS_JSON, SCHEDULER, ...WHERE] },
  {
    words: [word('drain'), ...TARGET_WORDS],
    options: [
      ...TARGET_OPTIONS,
      { flags: ['--weight'], value: 'N', help: 'this weight instead of 0: puts it back, and does not wait' },
      { flags: ['--director'], value: 'NAME', help: 'drains a director instead of a real server' },
      { flags: ['--last'], help: 'with --director: also if no other director serves' },
      { flags: ['--undo'], help: 'with --director: it is not to be drained any more' },
      { flags: ['--json'], help: 'a JSON object a line' },
      SCHEDULER,
      ...WHERE,
    ],
  },
  {
    words: [word('status')],
    options: [
      { flags: ['--expect'], value: 'N', help: 'status 1 if there are fewer directors' },
      { flags: ['--wait'], value: 'TIME', help: 'looks again until all is well, so long at the most: 10s, 1m' },
      AS_JSON,
      ...WHERE,
    ],
  },
]

/** A whole number from 0 on; undefined if the option is not given. UsageError. */
export function numberOf(given: Given, flag: string, most = Number.MAX_SAFE_INTEGER): number | undefined {
  const text = given.one(flag)
  if (text === undefined) return undefined
  const number = Number(text)
  if (!/^\d{1,16}$/.test(text) || number > most)
    throw new UsageError(`${flag}: '${text}' is not a whole number from 0 to ${most}`)
  return number
}

/** Seconds; 0 if the option is not given. UsageError. */
export function secondsOf(given: Given, flag: string): number {
  const text = given.one(flag)
  const seconds = text === undefined ? 0 : readDuration(text)
  if (seconds === undefined)
    throw new UsageError(`${flag}: '${text}' is no time: 90, 60s, 5m, 1h30m, at most 31 days (744h)`)
  return seconds
}
