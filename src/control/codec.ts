import { isIP, isIPv4 } from 'node:net'
import type { Operation, Reply, Request } from './api.js'

/* The control socket speaks JSON, a line a message: a request each way down, its reply back, in order. */

/** Bytes. The longest request there is takes some 1000. */
export const REQUEST_LINE_MAX = 64 * 1024

export function encodeLine(message: unknown): string {
  return `${JSON.stringify(message)}\n`
}

/** Cuts a stream into lines and keeps what has no end yet. */
export class LineSplitter {
  #kept: Buffer[] = []
  #length = 0
  readonly #max: number

  /** Lines longer than `max` bytes are refused. */
  constructor(max: number) {
    this.#max = max
  }

  /** The lines that `chunk` ends, or undefined from the first one that is too long on. */
  push(chunk: Buffer): string[] | undefined {
    const lines: string[] = []
    let from = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      this.#keep(chunk.subarray(from, end))
      if (this.#length > this.#max) return undefined
      lines.push(this.#take())
      from = end + 1
    }
    this.#keep(chunk.subarray(from))
    return this.#length > this.#max ? undefined : lines
  }

  #keep(piece: Buffer): void {
    if (piece.length > 0) this.#kept.push(piece)
    this.#length += piece.length
  }

  #take(): string {
    const line = Buffer.concat(this.#kept).toString()
    this.#kept = []
    this.#length = 0
    return line
  }
}

export function protocolRefusal(message: string): Reply & { ok: false } {
  return { ok: false, refusal: 'EPROTO', message }
}

type Fields = Record<string, unknown>
/** Answers the value with nothing else in it, or throws Malformed. */
type Check = (value: unknown, where: string) => unknown

class Malformed extends Error {}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function value(what: string, test: (value: unknown) => boolean): Check {
  return (found, where) => {
    if (!test(found)) throw new Malformed(`${where}: not ${what}`)
    return found
  }
}

function integer(least: number, most: number): Check {
  const test = (found: unknown): boolean => Number.isInteger(found) && Number(found) >= least && Number(found) <= most
  return value(`an integer from ${least} to ${most}`, test)
}

function oneOf(...known: string[]): Check {
  return value(`one of ${known.join(', ')}`, found => typeof found === 'string' && known.includes(found))
}

function optional(check: Check): Check {
  return (found, where) => (found === undefined ? undefined : check(found, where))
}

function record(shape: Record<string, Check>): Check {
  return (found, where) => {
    if (!isFields(found)) throw new Malformed(`${where}: not an object`)
    const checked: Fields = {}
    for (const [name, check] of Object.entries(shape)) {
      const field = check(Object.hasOwn(found, name) ? found[name] : undefined, `${where}.${name}`)
      if (field !== undefined) checked[name] = field
    }
    return checked
  }
}

/** Of at most `most`. */
function list(check: Check, most: number): Check {
  return (found, where) => {
    if (!Array.isArray(found) || found.length > most) throw new Malformed(`${where}: not a list of at most ${most}`)
    return found.map((item, at) => check(item, `${where}[${at}]`))
  }
}

const UNSIGNED = 2 ** 32 - 1
const POSITIVE = 2 ** 31 - 1
/** 31 days: as long as ipvsadm lets anything last. */
const SECONDS_MAX = 2_678_400
/** Of a mark's rule: as many as iptables' multiport takes. */
const PORTS_MAX = 15

const protocol = oneOf('tcp', 'udp', 'sctp')
const address = value('an address', found => typeof found === 'string' && isIP(found) !== 0)
const port = integer(0, 65535)
const addressKey = record({ protocol, address, port })
const markKey = record({ mark: integer(1, UNSIGNED) })
const service: Check = (found, where) =>
  (isFields(found) && Object.hasOwn(found, 'mark') ? markKey : addressKey)(found, where)
const destination = record({ address, port })
const settings = record({
  scheduler: value('a name', found => typeof found === 'string' && /^[!-~]{1,255}$/.test(found)),
  persistence: integer(0, SECONDS_MAX),
  netmask: value('a dotted mask', found => typeof found === 'string' && isIPv4(found)),
  onePacket: value('true or false', found => typeof found === 'boolean'),
  schedFlags: integer(0, 7),
  clientAddress: optional(oneOf('none', 'toa', 'proxy-v1', 'proxy-v2')),
})
const destinationSettings = record({
  method: oneOf('masq', 'direct', 'tunnel', 'fullnat'),
  tunnel: optional(record({ type: oneOf('ipip', 'gue', 'gre'), port, checksum: oneOf('none', 'full', 'remote') })),
  weight: integer(0, POSITIVE),
  upperThreshold: integer(0, POSITIVE),
  lowerThreshold: integer(0, POSITIVE),
})
const cidr = value('an address or address/length', isCidr)

function isCidr(found: unknown): boolean {
  const [at = '', length = '32', ...more] = typeof found === 'string' ? found.split('/') : []
  return isIPv4(at) && /^\d{1,2}$/.test(length) && Number(length) <= 32 && more.length === 0
}

const interfaceName = value('an interface', found => typeof found === 'string' && /^[^\s/@,]{1,15}$/.test(found))
const seconds = integer(0, SECONDS_MAX)
const ports: Check = (found, where) => {
  const range = record({ first: port, last: port })(found, where) as { first: number; last: number }
  if (range.first > range.last) throw new Malformed(`${where}: first is above last`)
  return range
}
const rule = record({ protocol, to: cidr, ports: list(ports, PORTS_MAX), mark: integer(0, UNSIGNED) })
const sysctlName = value('a name', found => typeof found === 'string' && /^[!-~]{1,255}$/.test(found))
const sysctlValue = value('a line of text', found => typeof found === 'string' && /^[\t -~]{0,255}$/.test(found))

const PARAMS: Record<Operation, Record<string, Check>> = {
  'add-service': { service, settings },
  'edit-service': { service, settings },
  'delete-service': { service },
  flush: {},
  'add-destination': { service, destination, settings: destinationSettings },
  'edit-destination': { service, destination, settings: destinationSettings },
  'delete-destination': { service, destination },
  'add-local-address': { service, address },
  'delete-local-address': { service, address },
  zero: { service: optional(service) },
  services: { service: optional(service) },
  connections: { from: integer(0, Number.MAX_SAFE_INTEGER) },
  verdicts: {},
  figures: {},
  'service-figures': { from: integer(0, Number.MAX_SAFE_INTEGER) },
  'add-vip': { cidr },
  'delete-vip': { cidr },
  'add-route': {
    to: cidr,
    gateway: optional(address),
    port: optional(interfaceName),
    mtu: optional(integer(68, 65535)),
  },
  'delete-route': { to: cidr },
  'add-mark': { rule },
  'clear-marks': {},
  timeouts: {},
  'set-timeouts': { timeouts: record({ tcp: seconds, tcpfin: seconds, udp: seconds }) },
  sysctls: {},
  'set-sysctl': { name: sysctlName, value: sysctlValue },
  reset: {},
}

export type Decoded = { ok: true; request: Request } | (Reply & { ok: false })

/** Never throws. A request that it answers has every field that its operation needs, of the right kind, and no other. */
export function decodeRequest(line: string): Decoded {
  try {
    const message: unknown = JSON.parse(line)
    const op = isFields(message) && typeof message.op === 'string' ? message.op : ''
    if (!Object.hasOwn(PARAMS, op)) return protocolRefusal(`no such operation: '${op.slice(0, 64)}'`)
    const params = record(PARAMS[op as Operation])(message, op) as object
    return { ok: true, request: { op, ...params } as Request }
  } catch (error) {
    return protocolRefusal(error instanceof Malformed ? error.message : 'not a line of JSON')
  }
}
