import { unsignedOf } from '../numbers.js'
import type { Parser } from '../parser.js'
import type { LvsMethod } from '../tree/virtual-server.js'

type TunnelType = 'ipip' | 'gue' | 'gre'

/** `NAT`, `DR`, `TUN [type ipip|gue port N|gre] [nocsum|csum|remcsum]`; undefined: none of these, and told. `of`: of what. */
export function methodOf(
  words: readonly string[],
  of: 'virtual' | 'real' | 'sorry',
  parser: Parser,
): LvsMethod | undefined {
  const [kind, ...options] = words
  if (kind !== 'NAT' && kind !== 'DR' && kind !== 'TUN') {
    const upper = kind?.toUpperCase() ?? ''
    const help = /^(NAT|DR|TUN)$/.test(upper) ? `write ${upper}: case counts` : 'allowed: NAT, DR, TUN'
    parser.error(`PARSER : unknown [${kind}] routing method for ${of} server.`, help)
    return undefined
  }
  let type: TunnelType = 'ipip'
  let port: number | undefined
  let checksum: 'nocsum' | 'csum' | 'remcsum' | undefined
  for (let at = 0; at < options.length; at++) {
    const option = options[at]!
    const value = options[at + 1]
    if (option === 'type' && value !== undefined) {
      at++
      if (value === 'ipip' || value === 'gue' || value === 'gre') type = value
      else return refuse(parser, `Unknown tunnel type ${value} for ${of} server.`, 'allowed: ipip, gue, gre')
    } else if (option === 'port' && value !== undefined) {
      port = unsignedOf(value, { least: 1, most: 65_535 }, parser)
      if (port === undefined) return refuse(parser, `Invalid gue tunnel port ${value} for ${of} server.`)
      at++
    } else if (option === 'nocsum' || option === 'csum' || option === 'remcsum') checksum = option
    else
      return refuse(
        parser,
        `Invalid tunnel option ${option} for ${of} server.`,
        'allowed: type, port, nocsum, csum, remcsum',
      )
  }
  const wrong = contradiction(type, port, checksum)
  if (wrong !== undefined) return refuse(parser, wrong)
  if (kind !== 'TUN') return { kind }
  return { kind, type, ...(port !== undefined && { port }), ...(checksum && { checksum }) }
}

function contradiction(type: TunnelType, port: number | undefined, checksum: string | undefined): string | undefined {
  if ((type === 'gue') !== (port !== undefined)) return 'gue tunnels require port, otherwise cannot have port.'
  if (type === 'gre' && checksum === 'remcsum') return 'gre tunnels do not support remote checksum option.'
  if (type === 'ipip' && checksum !== undefined) return 'ipip tunnels do not support checksum option.'
  return undefined
}

function refuse(parser: Parser, text: string, help?: string): undefined {
  parser.error(text, help)
  return undefined
}
