import { UsageError } from '../../../director/options.js'
import { mayBeVip } from '../../../realserver/vip.js'
import { formatIpv4, parseCidr } from '../../../wire/addr.js'
import { AS_JSON } from '../../command.js'
import { type Form, type Option, word } from '../../option.js'
import type { Given } from '../options/read-options.js'

/** A request to `uvs realserver`. */
export type RealServerCommand =
  | {
      do: 'start'
      vips: string[]
      tunnel: boolean
      userspace: boolean
      foreground: boolean
      interfaces: string[]
      guePort: number | undefined
      decap: Decap | undefined
    }
  /** Without `vips`: all VIPs. */
  | { do: 'stop'; vips: string[] | undefined }
  | { do: 'status'; json: boolean }

const DECAPS = ['auto', 'program', 'device'] as const
type Decap = (typeof DECAPS)[number]

const VIP: Option = { flags: ['--vip'], value: 'VIP[/32]', help: 'the virtual address', repeatable: true }

export const REALSERVER_FORMS: readonly Form[] = [
  {
    words: [word('start')],
    options: [
      { ...VIP, required: true },
      { flags: ['--tun'], help: 'open tunnels: IPIP, GRE, GUE' },
      {
        flags: ['--interface'],
        value: 'IF[,IF]',
        is: 'interface',
        help: 'where tunnels end; every Ethernet interface with an address',
        repeatable: true,
      },
      {
        flags: ['--gue-port'],
        value: 'PORT',
        help: "GUE's UDP port, default 6080, 0 for no GUE; implies --userspace",
      },
      { flags: ['--userspace'], help: "open tunnels here even where the kernel has ipip, which opens IPIP's only" },
      {
        flags: ['--decap'],
        value: 'auto|program|device',
        choices: DECAPS,
        help: 'who opens them here: a program in the kernel where it can be had; it must be had; the process alone',
      },
      { flags: ['--foreground'], help: 'stay until SIGINT or SIGTERM, and stop then' },
    ],
  },
  { words: [word('stop')], options: [VIP] },
  { words: [word('status')], options: [AS_JSON] },
]

/** Parses the arguments. Pure. UsageError for invalid input. */
export function realServerCommand(given: Given): RealServerCommand {
  const [verb] = given.words
  if (verb === 'status') return { do: 'status', json: given.has('--json') }
  const vips = [...new Set(given.all('--vip').map(readVip))]
  if (verb === 'stop') return { do: 'stop', vips: given.has('--vip') ? vips : undefined }
  const tunnel = given.has('--tun')
  for (const flag of ['--gue-port', '--userspace', '--decap'])
    if (given.has(flag) && !tunnel) throw new UsageError(`${flag} goes with --tun`)
  const decap = DECAPS.find(each => each === given.one('--decap'))
  return {
    do: 'start',
    vips,
    tunnel,
    userspace: ['--userspace', '--gue-port'].some(flag => given.has(flag)) || (decap ?? 'auto') !== 'auto',
    foreground: given.has('--foreground'),
    interfaces: [...new Set(given.all('--interface').flatMap(readInterfaces))],
    guePort: readPort(given.one('--gue-port')),
    decap,
  }
}

function readVip(text: string): string {
  const cidr = parseCidr(text)
  if (!cidr) throw new UsageError(`--vip: '${text}' is not an IPv4 address, such as 192.168.159.100`)
  if (cidr.prefix !== 32) throw new UsageError(`--vip: '${text}': one address, /32 or nothing`)
  const { addr } = cidr
  if (!mayBeVip(addr)) throw new UsageError(`--vip: '${text}': no virtual service may have that address`)
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
