import { parseArgs } from 'node:util'
import { UsageError } from '../../director/options.js'
import { isLimitedBroadcast, isLoopback, isMulticast, isZeronet, formatIpv4, parseCidr } from '../../wire/addr.js'

/** What `uvs realserver` was asked for. */
export type RealServerCommand =
  | {
      do: 'start'
      vips: string[]
      tunnel: boolean
      userspace: boolean
      foreground: boolean
      interfaces: string[]
      guePort: number | undefined
    }
  /** Without `vips`: all of them. */
  | { do: 'stop'; vips: string[] | undefined }
  | { do: 'status' }

interface Flag {
  /** What its value is; none for a flag that takes none. */
  value?: string
  help: string
  multiple?: true
}

/** Options of `start`, in the order of the help; `stop` has the first. */
export const flags: Record<string, Flag> = {
  vip: { value: 'VIP[/32]', help: 'the virtual address', multiple: true },
  tun: { help: 'open tunnels: IPIP, GRE, GUE' },
  interface: { value: 'IF[,IF]', help: 'where tunnels end; every Ethernet interface with an address', multiple: true },
  'gue-port': { value: 'PORT', help: "GUE's UDP port, default 6080, 0 for no GUE; implies --userspace" },
  userspace: { help: "open tunnels here even where the kernel has ipip, which opens IPIP's only" },
  foreground: { help: 'stay until SIGINT or SIGTERM, and stop then' },
}

const ALLOWED: Record<string, readonly string[]> = { start: Object.keys(flags), stop: ['vip'], status: [] }

/** Pure. UsageError for whatever cannot be meant. */
export function parseRealServer(args: readonly string[]): RealServerCommand {
  const [verb, ...rest] = args
  const allowed = verb !== undefined && Object.hasOwn(ALLOWED, verb) ? ALLOWED[verb] : undefined
  if (!allowed) {
    const wrong = verb === undefined ? 'what to do' : `'${verb}'`
    throw new UsageError(`${wrong}: start, stop or status (uvs realserver --help)`)
  }
  const values = readFlags(verb!, rest, allowed)
  if (verb === 'status') return { do: 'status' }
  const vips = values.get('vip')?.map(readVip)
  if (verb === 'stop') return { do: 'stop', vips: vips && [...new Set(vips)] }
  if (!vips) throw new UsageError('--vip VIP: a real server needs at least one')
  const tunnel = values.has('tun')
  for (const name of ['gue-port', 'userspace'])
    if (values.has(name) && !tunnel) throw new UsageError(`--${name} goes with --tun`)
  return {
    do: 'start',
    vips: [...new Set(vips)],
    tunnel,
    userspace: values.has('userspace') || values.has('gue-port'),
    foreground: values.has('foreground'),
    interfaces: [...new Set((values.get('interface') ?? []).flatMap(readInterfaces))],
    guePort: readPort(values.get('gue-port')?.[0]),
  }
}

function readFlags(verb: string, args: string[], allowed: readonly string[]): Map<string, string[]> {
  const options = Object.fromEntries(
    allowed.map(name => [name, { type: flags[name]!.value ? 'string' : 'boolean', multiple: true } as const]),
  )
  const { tokens } = parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true })
  const values = new Map<string, string[]>()
  for (const token of tokens) {
    if (token.kind === 'positional') throw new UsageError(`'${token.value}': unexpected word (uvs realserver --help)`)
    if (token.kind !== 'option') continue
    const flag = allowed.includes(token.name) && token.rawName.startsWith('--') ? flags[token.name] : undefined
    if (!flag) throw new UsageError(`${token.rawName}: ${verb} has no such option (uvs realserver --help)`)
    if (!flag.value && token.inlineValue) throw new UsageError(`--${token.name} takes no value`)
    if (flag.value && (!token.value || (!token.inlineValue && token.value.startsWith('--'))))
      throw new UsageError(`--${token.name} needs a value: --${token.name} ${flag.value}`)
    const given = values.get(token.name) ?? []
    if (given.length > 0 && !flag.multiple) throw new UsageError(`--${token.name} is given twice`)
    values.set(token.name, [...given, token.value ?? ''])
  }
  return values
}

function readVip(text: string): string {
  const cidr = parseCidr(text)
  if (!cidr) throw new UsageError(`--vip: '${text}' is not an IPv4 address, such as 192.168.159.100`)
  if (cidr.prefix !== 32) throw new UsageError(`--vip: '${text}': one address, /32 or nothing`)
  const { addr } = cidr
  if (isZeronet(addr) || isLoopback(addr) || isMulticast(addr) || isLimitedBroadcast(addr) || addr >>> 28 === 15)
    throw new UsageError(`--vip: '${text}': no virtual service may have that address`)
  return formatIpv4(addr)
}

function readInterfaces(text: string): string[] {
  const names = text.split(',')
  for (const name of names)
    if (!/^[^\s/:@=,]{1,15}$/.test(name)) throw new UsageError(`--interface: '${name}' cannot be an interface's name`)
  return names
}

function readPort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new UsageError(`--gue-port: '${text}' is not a whole number from 0 to 65535`)
  return Number(text)
}
