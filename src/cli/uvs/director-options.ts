import { isIP } from 'node:net'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import type { MarkRuleInfo } from '../../control/api.js'
import type { DataPlaneOptions } from '../../control/data-plane.js'
import type { DeviceOptions } from '../../control/messages.js'
import { MAX_CONNECTIONS } from '../../conn/table.js'
import { UsageError } from '../../director/options.js'
import { parseMac, type MacAddr } from '../../wire/addr.js'
import { parseMark } from './mark-option.js'

/** What `uvs director` was asked to be. */
export interface DirectorCommand extends DataPlaneOptions {
  control: string
  /** A file of ipvsadm-save lines. */
  rules: string | undefined
  http: { host: string; port: number } | undefined
  marks: MarkRuleInfo[]
}

interface Flag {
  value: string
  help: string
  multiple?: true
  /** Comes with a later version. */
  later?: true
}

/** `uvs director`'s options, in the order of its help. */
export const flags: Record<string, Flag> = {
  raw: { value: 'IF[,IF]', help: 'interfaces to hold by packet sockets' },
  tap: { value: 'IF[,IF]', help: 'TAP devices to make or to take' },
  libpcap: { value: 'IF', help: 'by libpcap', later: true },
  address: { value: 'ADDR/LEN@IF', help: "the director's own address on an interface", multiple: true },
  route: { value: 'CIDR=[GW][@IF][,mtu=N]', help: "a route; 'default=GW' for all else", multiple: true },
  neighbour: { value: 'IP=MAC@IF', help: 'a static neighbour', multiple: true },
  vip: { value: 'ADDR|CIDR', help: 'further local addresses', multiple: true },
  mac: { value: 'MAC@IF', help: "our MAC on a TAP device, which must not be the interface's own", multiple: true },
  'max-connections': { value: 'N', help: `connections the table holds, 1 to ${MAX_CONNECTIONS}; default 1048576` },
  'icmp-ratelimit': { value: 'MS', help: 'a peer gets an ICMP error every MS; 0 for no limit; default 1000' },
  seed: { value: 'N', help: 'what everything random comes from; by default the system says' },
  rules: { value: 'FILE', help: 'ipvsadm-save rules to begin with' },
  control: { value: 'PATH', help: 'control socket; default /run/uvs/uvs.sock' },
  http: { value: '[ADDR:]PORT', help: 'Prometheus /metrics, and /healthz, there; on 127.0.0.1 unless said otherwise' },
  workers: { value: 'N', help: 'data-plane threads', later: true },
  mark: { value: "'PROTO CIDR:PORTS=N'", help: "firewall marks, in netfilter's place", multiple: true },
  scheduler: { value: 'FILE', help: 'a scheduler of your own: a module that exports one', multiple: true },
}

/** Pure. `randomSeed`: used unless --seed says otherwise. UsageError for whatever cannot be meant. */
export function parseDirectorOptions(args: string[], randomSeed: number): DirectorCommand {
  const values = readFlags(args)
  const one = (name: string): string | undefined => values.get(name)?.[0]
  const all = (name: string): string[] => values.get(name) ?? []
  const devices = readDevices(one('raw'), one('tap'), all('mac'))
  const maxConnections = wholeNumber('--max-connections', one('max-connections'), 1, MAX_CONNECTIONS)
  const icmpRatelimit = wholeNumber('--icmp-ratelimit', one('icmp-ratelimit'), 0, 3_600_000)
  if (all('address').length === 0) throw new UsageError('--address: the director needs at least one address')
  return {
    devices,
    director: {
      addresses: all('address'),
      vips: all('vip'),
      routes: all('route'),
      neighbours: all('neighbour'),
      seed: wholeNumber('--seed', one('seed'), 0, 0xffffffff) ?? randomSeed,
      ...(maxConnections === undefined ? {} : { maxConnections }),
      ...(icmpRatelimit === undefined ? {} : { icmpRatelimit }),
    },
    control: one('control') ?? '/run/uvs/uvs.sock',
    rules: one('rules'),
    http: readHttp(one('http')),
    marks: all('mark').map(parseMark),
    schedulers: all('scheduler').map(file => pathToFileURL(file).href),
  }
}

/** Every value given, by the option's name. */
function readFlags(args: string[]): Map<string, string[]> {
  const options = Object.fromEntries(
    Object.keys(flags).map(name => [name, { type: 'string', multiple: true } as const]),
  )
  const { tokens } = parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true })
  const values = new Map<string, string[]>()
  for (const token of tokens) {
    if (token.kind === 'positional') throw new UsageError(`'${token.value}': unexpected word (uvs director --help)`)
    if (token.kind !== 'option') continue
    const flag = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined
    if (!flag || !token.rawName.startsWith('--'))
      throw new UsageError(`${token.rawName}: there is no such option (uvs director --help)`)
    if (flag.later) throw new UsageError(`--${token.name} is not there yet`)
    if (!token.value || (!token.inlineValue && token.value.startsWith('--')))
      throw new UsageError(`--${token.name} needs a value: --${token.name} ${flag.value}`)
    const given = values.get(token.name) ?? []
    if (given.length > 0 && !flag.multiple) throw new UsageError(`--${token.name} is given twice`)
    values.set(token.name, [...given, token.value])
  }
  return values
}

function readDevices(raw: string | undefined, tap: string | undefined, macs: string[]): DeviceOptions[] {
  if ((raw === undefined) === (tap === undefined))
    throw new UsageError('--raw IF[,IF] or --tap IF[,IF]: give one of the two')
  const [kind, text] = raw === undefined ? (['tap', tap!] as const) : (['raw', raw] as const)
  const names = text.split(',')
  for (const [i, name] of names.entries()) {
    if (!/^[^\s/:@=,]{1,15}$/.test(name)) throw new UsageError(`--${kind}: '${name}' cannot be an interface's name`)
    if (names.indexOf(name) !== i) throw new UsageError(`--${kind}: '${name}' is named twice`)
  }
  if (kind === 'raw') {
    if (macs.length > 0) throw new UsageError("--mac goes with --tap: a raw interface's MAC is its own")
    return names.map(name => ({ kind, name }))
  }
  const byName = readMacs(macs, names)
  return names.map(name => ({ kind, name, mac: byName.get(name) }))
}

function readMacs(macs: string[], names: string[]): Map<string, MacAddr> {
  const byName = new Map<string, MacAddr>()
  for (const text of macs) {
    const at = text.indexOf('@')
    const mac = parseMac(text.slice(0, at))
    const name = text.slice(at + 1)
    if (at < 0 || !mac) throw new UsageError(`--mac: '${text}' is not MAC@INTERFACE, such as 02:00:00:00:00:01@tap0`)
    if (mac.hi & 0x0100) throw new UsageError(`--mac: '${text}' is a group address`)
    if (!names.includes(name)) throw new UsageError(`--mac: '${text}': there is no '${name}' among ${names.join(', ')}`)
    byName.set(name, mac)
  }
  return byName
}

function wholeNumber(option: string, text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined) return undefined
  const value = /^\d{1,12}$/.test(text) ? Number(text) : NaN
  if (!(value >= least && value <= most))
    throw new UsageError(`${option}: '${text}' is not a whole number from ${least} to ${most}`)
  return value
}

/** Only who is named is served: without an address, this host's own programs. */
function readHttp(text: string | undefined): DirectorCommand['http'] {
  if (text === undefined) return undefined
  const match = /^(?:(?<address>.*):)?(?<port>\d{1,5})$/.exec(text)
  const port = Number(match?.groups!.port)
  const host = (match?.groups!.address || '127.0.0.1').replace(/^\[(.*)\]$/, '$1')
  if (!match || port > 65_535)
    throw new UsageError(`--http: '${text}' is not PORT or ADDRESS:PORT, such as 127.0.0.1:9100`)
  if (isIP(host) === 0) throw new UsageError(`--http: '${text}': '${host}' is no address, such as 127.0.0.1 or [::1]`)
  return { host, port }
}
