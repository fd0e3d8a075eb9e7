import type { MethodName, TunnelInfo } from '../../../control/protocol/api.js'
import { CommandLineError } from '../failure.js'
import type { OptionName, Options } from './option-names.js'

/** The options of -i, in the order in which ipvsadm checks them. */
export const TUNNEL_OPTIONS = [
  'tun-type',
  'tun-port',
  'tun-nocsum',
  'tun-csum',
  'tun-remcsum',
] as const satisfies readonly OptionName[]

const CHECKSUMS = ['tun-nocsum', 'tun-csum', 'tun-remcsum'] as const

interface TunnelRule {
  needs: readonly OptionName[]
  /** At most one of the checksum options among them. */
  takes: readonly OptionName[]
}
const RULES: Record<TunnelInfo['type'], TunnelRule> = {
  ipip: { needs: [], takes: ['tun-type'] },
  gue: { needs: ['tun-port'], takes: ['tun-type', ...CHECKSUMS] },
  gre: { needs: [], takes: ['tun-type', 'tun-nocsum', 'tun-csum'] },
}

/** The settings of the tunnel options, undefined without -i. Throws ipvsadm's error about the first one that does not fit. */
export function tunnelSettings(options: Options, method: MethodName): TunnelInfo | undefined {
  if (method === 'tunnel') checkTunnel(options)
  else if (TUNNEL_OPTIONS.some(name => options[name] !== undefined))
    throw new CommandLineError('Tunnel options conflict with forward method')
  else return undefined
  const checksum = options['tun-csum'] ? 'full' : options['tun-remcsum'] ? 'remote' : 'none'
  return { type: options['tun-type'] ?? 'ipip', port: options['tun-port'] ?? 0, checksum }
}

function checkTunnel(options: Options): void {
  const type = options['tun-type'] ?? 'ipip'
  const { needs, takes } = RULES[type]
  let checksum: string | undefined
  for (const name of TUNNEL_OPTIONS) {
    const given = options[name] !== undefined
    const needed = needs.includes(name)
    if (needed && !given)
      throw new CommandLineError(`You need to supply the '${name}' option for the '${type}' tunnel type`)
    if (given && !needed && !takes.includes(name))
      throw new CommandLineError(`Illegal '${name}' option with the '${type}' tunnel type`)
    if (!given || !CHECKSUMS.some(known => known === name)) continue
    if (checksum)
      throw new CommandLineError(
        `The option '${name}' conflicts with the '${checksum}' option in the '${type}' tunnel type`,
      )
    checksum = name
  }
}

/** The tunnel as `-L --tun-info` prints it: `ipip`, `gue:6080:-c`, `gre:+c`; `r+c` is --tun-remcsum. */
export function tunnelText({ type, port, checksum }: TunnelInfo): string {
  const mark = { none: '-c', full: '+c', remote: 'r+c' }[checksum]
  switch (type) {
    case 'ipip':
      return 'ipip'
    case 'gue':
      return `gue:${port}:${mark}`
    case 'gre':
      return `gre:${mark}`
  }
}
