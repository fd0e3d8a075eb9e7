import { parseArgs } from 'node:util'
import type { Protocol } from '../../control/api.js'
import { UsageError } from '../uvsadm/failure.js'
import { readDuration } from './duration.js'

/** What `uvs drain` was asked to do. Addresses are still text. */
export interface DrainOptions {
  service: { protocol: Protocol | undefined; text: string } | { mark: string }
  realServer: string
  deadlineS: number
  then: 'keep' | 'reset'
  json: boolean
}

const DEFAULT_DEADLINE_S = 60

const SERVICE_FLAGS: Record<string, Protocol> = { 'tcp-service': 'tcp', 'udp-service': 'udp', 'sctp-service': 'sctp' }

/** For the help, and for the parser. */
export const DRAIN_OPTIONS = [
  { flags: ['-t', '--tcp-service'], value: 'VIP:PORT', help: 'SERVICE, as ipvsadm names it' },
  { flags: ['-u', '--udp-service'], value: 'VIP:PORT', help: 'the same, UDP' },
  { flags: ['--sctp-service'], value: 'VIP:PORT', help: 'the same, SCTP' },
  { flags: ['-f', '--fwmark-service'], value: 'MARK', help: 'the same, of a firewall mark' },
  { flags: ['-r', '--real-server'], value: 'RIP[:PORT]', help: "REALSERVER; its port is the service's unless given" },
  {
    flags: ['--deadline'],
    value: 'TIME',
    help: `how long to wait: 90, 60s, 5m, 1h30m; ${DEFAULT_DEADLINE_S}s unless given`,
  },
  { flags: ['--then'], value: 'keep|reset', help: 'what becomes of what is left then; keep unless given' },
  { flags: ['--json'], help: 'a JSON object a line' },
] as const

/** Pure. UsageError for what cannot be meant. `args` are without --control. */
export function parseDrain(args: readonly string[]): DrainOptions {
  const { values, words } = readWords(args)
  const service = takeService(values, words)
  const realServer = values.get('real-server') ?? words.shift()
  if (realServer === undefined) throw new UsageError('which real server? -r RIP[:PORT] after the service')
  if (words.length > 0) throw new UsageError(`'${words[0]}': unexpected word`)
  return {
    service,
    realServer,
    deadlineS: deadline(values.get('deadline')),
    then: afterwards(values.get('then')),
    json: values.has('json'),
  }
}

function readWords(args: readonly string[]): { values: Map<string, string>; words: string[] } {
  const options = Object.fromEntries(
    DRAIN_OPTIONS.map(option => {
      const long = option.flags.at(-1)!.slice(2)
      const short = option.flags.length > 1 ? { short: option.flags[0].slice(1) } : {}
      return [long, { type: 'value' in option ? 'string' : 'boolean', ...short } as const]
    }),
  )
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true })
  const values = new Map<string, string>()
  const words: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value)
    if (token.kind !== 'option') continue
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined
    if (!option) throw new UsageError(`${token.rawName}: there is no such option (uvs drain --help)`)
    if (values.has(token.name)) throw new UsageError(`${token.rawName} is given twice`)
    if (option.type === 'boolean' && token.value !== undefined) throw new UsageError(`${token.rawName} takes no value`)
    if (option.type === 'string' && !token.value) throw new UsageError(`${token.rawName} needs a value`)
    values.set(token.name, token.value ?? '')
  }
  return { values, words }
}

function takeService(values: Map<string, string>, words: string[]): DrainOptions['service'] {
  const given = [...Object.keys(SERVICE_FLAGS), 'fwmark-service'].filter(name => values.has(name))
  if (given.length > 1) throw new UsageError(`--${given[0]} and --${given[1]}: one service at a time`)
  const [name] = given
  if (name === 'fwmark-service') return { mark: values.get(name)! }
  const text = name === undefined ? words.shift() : values.get(name)
  if (text === undefined) throw new UsageError('which service? -t VIP:PORT, -u, --sctp-service or -f MARK')
  return { protocol: name === undefined ? undefined : SERVICE_FLAGS[name], text }
}

function deadline(text: string | undefined): number {
  if (text === undefined) return DEFAULT_DEADLINE_S
  const seconds = readDuration(text)
  if (seconds === undefined)
    throw new UsageError(`--deadline: '${text}' is no time: 90, 60s, 5m, 1h30m, at most 31 days (744h)`)
  return seconds
}

function afterwards(text: string | undefined): 'keep' | 'reset' {
  if (text === undefined || text === 'keep' || text === 'reset') return text ?? 'keep'
  throw new UsageError(`--then: '${text}' is neither keep nor reset`)
}
