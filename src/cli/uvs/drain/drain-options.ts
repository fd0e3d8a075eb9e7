import type { Protocol } from '../../../control/protocol/api.js'
import { UsageError } from '../../../director/options.js'
import { CONTROL } from '../../command.js'
import type { Form, Option, Word } from '../../option.js'
import { readDuration } from '../options/duration.js'
import { type Given, readOptions } from '../options/read-options.js'

/** A real server of a service. Addresses are still text. */
export interface TargetWords {
  service: { protocol: Protocol | undefined; text: string } | { mark: string; family?: 6 }
  realServer: string
}

/** A request to `uvs drain`. */
export interface DrainOptions extends TargetWords {
  deadlineS: number
  afterwards: 'keep' | 'reset'
  json: boolean
  control: string | undefined
}

export const DEFAULT_DEADLINE_S = 60
const SERVICE_FLAGS: [flag: string, protocol: Protocol][] = [
  ['-t', 'tcp'],
  ['-u', 'udp'],
  ['--sctp-service', 'sctp'],
]

/** SERVICE and REALSERVER as words, or by their options; and the deadline. */
export const TARGET_WORDS: readonly Word[] = [
  { value: 'SERVICE', is: 'service', optional: true },
  { value: 'REALSERVER', is: 'server', optional: true },
]
export const TARGET_OPTIONS: readonly Option[] = [
  { flags: ['-t', '--tcp-service'], value: 'VIP:PORT', is: 'service', help: 'SERVICE, as ipvsadm names it' },
  { flags: ['-u', '--udp-service'], value: 'VIP:PORT', is: 'service', help: 'the same, UDP' },
  { flags: ['--sctp-service'], value: 'VIP:PORT', is: 'service', help: 'the same, SCTP' },
  { flags: ['-f', '--fwmark-service'], value: 'MARK', is: 'service', help: 'the same, of a firewall mark' },
  { flags: ['-6', '--ipv6'], help: 'the mark is of IPv6' },
  {
    flags: ['-r', '--real-server'],
    value: 'RIP[:PORT]',
    is: 'server',
    help: "REALSERVER; its port is the service's unless given",
  },
  {
    flags: ['--deadline'],
    value: 'TIME',
    help: `how long to wait: 90, 60s, 5m, 1h30m; ${DEFAULT_DEADLINE_S}s unless given`,
  },
]

export const DRAIN_FORMS: readonly Form[] = [
  {
    words: TARGET_WORDS,
    options: [
      ...TARGET_OPTIONS,
      {
        flags: ['--then'],
        value: 'keep|reset',
        choices: ['keep', 'reset'],
        help: 'what becomes of what is left then; keep unless given',
      },
      { flags: ['--json'], help: 'a JSON object a line' },
      CONTROL,
    ],
  },
]

/** Parses the arguments. Pure. UsageError for invalid input. */
export function parseDrain(args: readonly string[]): DrainOptions {
  const given = readOptions({ name: 'drain', forms: DRAIN_FORMS }, args)
  return {
    ...targetOf(given, given.words, 'uvs drain --help'),
    deadlineS: deadlineOf(given),
    afterwards: given.one('--then') === 'reset' ? 'reset' : 'keep',
    json: given.has('--json'),
    control: given.one('--control'),
  }
}

/** The real server that the words and options name. `seeHelp`: the command that has them. */
export function targetOf(given: Given, all: readonly string[], seeHelp: string): TargetWords {
  const words = [...all]
  const service = takeService(given, words)
  const realServer = given.one('-r') ?? words.shift()
  if (realServer === undefined) throw new UsageError('which real server? -r RIP[:PORT] after the service')
  if (words.length > 0) throw new UsageError(`'${words[0]}': unexpected word (${seeHelp})`)
  return { service, realServer }
}

function takeService(given: Given, words: string[]): TargetWords['service'] {
  const flags = [...SERVICE_FLAGS.map(([flag]) => flag), '-f'].filter(flag => given.has(flag))
  if (flags.length > 1) throw new UsageError(`${flags[0]} and ${flags[1]}: one service at a time`)
  const mark = given.one('-f')
  if (mark !== undefined) return { mark, ...(given.has('-6') && { family: 6 }) }
  if (given.has('-6')) throw new UsageError('-6 is for -f MARK')
  for (const [flag, protocol] of SERVICE_FLAGS) {
    const text = given.one(flag)
    if (text !== undefined) return { protocol, text }
  }
  const text = words.shift()
  if (text === undefined) throw new UsageError('which service? -t VIP:PORT, -u, --sctp-service or -f MARK')
  return { protocol: undefined, text }
}

/** Seconds. */
export function deadlineOf(given: Given): number {
  const text = given.one('--deadline')
  if (text === undefined) return DEFAULT_DEADLINE_S
  const seconds = readDuration(text)
  if (seconds === undefined)
    throw new UsageError(`--deadline: '${text}' is no time: 90, 60s, 5m, 1h30m, at most 31 days (744h)`)
  return seconds
}
