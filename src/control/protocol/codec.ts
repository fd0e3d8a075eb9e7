import { isUtf8 } from 'node:buffer'
import { isIP, isIPv4 } from 'node:net'
import { BATCH_MAX, RULE_CHANGES, type OperationName, type Reply, type Request } from './api.js'
import { ID_IS, isRequestId, otherVersion, printable, PROTOCOL_VERSION, type RequestId } from './envelope.js'

/* The control socket speaks JSON, a line a message: a request each way down, its reply back, in order. */

/** Bytes. The longest request there is takes some 1000. */
export const REQUEST_LINE_MAX = 64 * 1024

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
  const fields = Object.entries(shape)
  return (found, where) => {
    if (!isFields(found)) throw new Malformed(`${where}: not an object`)
    const checked: Fields = {}
    for (const [name, check] of fields) {
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
const markKey = record({ mark: integer(1, UNSIGNED), family: optional(integer(6, 6)) })
const service: Check = (found, where) =>
  (isFields(found) && Object.hasOwn(found, 'mark') ? markKey : addressKey)(found, where)
const destination = record({ address, port })
const name = value('a name', found => typeof found === 'string' && /^[!-~]{1,255}$/.test(found))
const settings = record({
  scheduler: name,
  persistence: integer(0, SECONDS_MAX),
  netmask: value('a dotted mask or a prefix length', isMask),
  onePacket: value('true or false', found => typeof found === 'boolean'),
  schedFlags: integer(0, 7),
  clientAddress: optional(oneOf('none', 'toa', 'proxy-v1', 'proxy-v2')),
  engine: optional(name),
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

function isMask(found: unknown): boolean {
  return typeof found === 'string' && (isIPv4(found) || (/^\d{1,3}$/.test(found) && Number(found) <= 128))
}

const interfaceName = value('an interface', found => typeof found === 'string' && /^[^\s/@,]{1,15}$/.test(found))
const seconds = integer(0, SECONDS_MAX)
const ports: Check = (found, where) => {
  const range = record({ first: port, last: port })(found, where) as { first: number; last: number }
  if (range.first > range.last) throw new Malformed(`${where}: first is above last`)
  return range
}
const rule = record({ protocol, to: cidr, ports: list(ports, PORTS_MAX), mark: integer(0, UNSIGNED) })
const sysctlValue = value('a line of text', found => typeof found === 'string' && /^[\t -~]{0,255}$/.test(found))

/** Where a page of services starts, as `servicePage` wrote it. */
const place = value(
  'where a page starts',
  found => typeof found === 'string' && /^\d{1,3}(:\d{1,15}){1,2}$/.test(found),
)
const ruleChange: Check = (found, where) => {
  const op = oneOf(...RULE_CHANGES)(isFields(found) ? found.op : undefined, `${where}.op`) as OperationName
  return { op, ...((ruleShapes[op] ??= record(PARAMS[op]))(found, where) as object) }
}
const ruleShapes: Partial<Record<OperationName, Check>> = {}

/** Every operation's fields. */
export const PARAMS: Record<OperationName, Record<string, Check>> = {
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
  services: { service: optional(service), from: optional(place) },
  batch: { requests: list(ruleChange, BATCH_MAX) },
  begin: {},
  stage: { requests: list(ruleChange, BATCH_MAX) },
  plan: { from: integer(0, Number.MAX_SAFE_INTEGER) },
  commit: {},
  totals: {},
  connections: { from: integer(0, Number.MAX_SAFE_INTEGER) },
  'end-connections': { service, destination, from: integer(0, Number.MAX_SAFE_INTEGER) },
  verdicts: {},
  figures: {},
  'service-figures': { from: optional(place) },
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
  'set-sysctl': { name, value: sysctlValue },
  reset: {},
}

/** What a line asks, or why it asks nothing; and its id, where that could be read. */
export type Decoded = { id?: RequestId } & ({ ok: true; request: Request } | (Reply & { ok: false }))

const REST_OF_ENVELOPE = ['v', 'id', 'op']

/**
 * Never throws. A request that it answers has every field that its operation needs, of the right kind, and no other.
 * A field that the operation does not have is refused: `{"op":"zero","servise":…}` must not zero everything. Within a
 * parameter it is left out, so that what a listing said can be sent back.
 */
export function decodeRequest(line: Buffer): Decoded {
  const message = parseLine(line)
  if (typeof message === 'string') return protocolRefusal(message)
  const id = Object.hasOwn(message, 'id') ? message['id'] : undefined
  if (id !== undefined && !isRequestId(id)) return protocolRefusal(`id: not ${ID_IS}`)
  return { ...(id !== undefined && { id }), ...decodeMessage(message) }
}

/** Or why it is none. */
function parseLine(line: Buffer): Fields | string {
  if (line.length === 0) return 'an empty line'
  if (!isUtf8(line)) return 'not a line of UTF-8'
  try {
    const message: unknown = JSON.parse(line.toString())
    return isFields(message) ? message : 'not an object'
  } catch {
    return 'not a line of JSON'
  }
}

function decodeMessage(message: Fields): Decoded {
  const v = Object.hasOwn(message, 'v') ? message['v'] : undefined
  return v === PROTOCOL_VERSION ? checkRequest(message) : protocolRefusal(otherVersion(v))
}

/** Whatever a caller hands over in place of a request: the same, or why it is none. Never throws. */
export function checkRequest(message: unknown): Decoded {
  try {
    if (!isFields(message)) throw new Malformed('not an object')
    const op = Object.hasOwn(message, 'op') && typeof message['op'] === 'string' ? message['op'] : ''
    if (!Object.hasOwn(PARAMS, op)) throw new Malformed(`no such operation: '${printable(op)}'`)
    const shape = PARAMS[op as OperationName]
    const odd = Object.keys(message).find(name => !Object.hasOwn(shape, name) && !REST_OF_ENVELOPE.includes(name))
    if (odd !== undefined) throw new Malformed(`${op}.${printable(odd)}: there is no such field`)
    return { ok: true, request: { op, ...(record(shape)(message, op) as object) } as Request }
  } catch (error) {
    if (error instanceof Malformed) return protocolRefusal(error.message)
    throw error
  }
}
