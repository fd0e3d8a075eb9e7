import { UsageError, type DirectorOptions } from '../../src/director/options.js'
import { parseMac, type MacAddr } from '../../src/wire/addr.js'
import type { ReplayLink } from './arrivals.js'

const MTU = 1500
/** The name of the only interface, where none is named. */
const ONLY = 'eth0'

/** What a director that opens no interface is told of the network around it: texts as of `uvs director`'s options. */
export interface NetworkTexts {
  /** 'ADDRESS/LENGTH@INTERFACE' */
  addresses?: readonly string[] | undefined
  /** 'ADDRESS' or 'CIDR' */
  vips?: readonly string[] | undefined
  /** 'CIDR=[GATEWAY][@INTERFACE][,mtu=N]' */
  routes?: readonly string[] | undefined
  /** 'ADDRESS=MAC@INTERFACE' */
  neighbours?: readonly string[] | undefined
  /** 'MAC@INTERFACE': the director's in the capture. */
  macs?: readonly string[] | undefined
}

/** Its interfaces are those that the texts name. */
export interface SimulatedNetwork {
  links: ReplayLink[]
  director: Pick<DirectorOptions, 'addresses' | 'vips' | 'routes' | 'neighbours'>
}

/** Pure. UsageError for a MAC that is wrong; `macWord`: what the user calls them. */
export function simulatedNetwork(texts: NetworkTexts, macWord: string): SimulatedNetwork {
  const { addresses = [], vips = [], routes = [], neighbours = [] } = texts
  const macs = readMacs(texts.macs ?? [], macWord)
  const names = linkNames([...addresses, ...neighbours, ...routes], macs)
  const links = names.map((name, index) => ({
    name,
    mac: macs.get(name) ?? { hi: 0x0200, lo: index + 1 },
    takesAll: !macs.has(name),
    mtu: MTU,
  }))
  // Where nothing is said of the network, every host is a neighbour.
  const known = addresses.length + routes.length === 0 ? [`default=@${names[0]}`] : routes
  return { links, director: { addresses, vips, routes: known, neighbours } }
}

function readMacs(texts: readonly string[], word: string): Map<string, MacAddr> {
  const byName = new Map<string, MacAddr>()
  for (const text of texts) {
    const [, macText = '', name = ''] = /^([^@]+)@(.+)$/.exec(text) ?? []
    const mac = parseMac(macText)
    if (!mac || (mac.hi & 0x0100) !== 0)
      throw new UsageError(`${word}: '${text}' is not MAC@INTERFACE, such as 02:00:00:00:00:01@eth0`)
    if (byName.has(name)) throw new UsageError(`${word}: '${text}': ${name} has one already`)
    byName.set(name, mac)
  }
  return byName
}

/** The interfaces that the options name, in their order. */
function linkNames(texts: readonly string[], macs: ReadonlyMap<string, MacAddr>): string[] {
  const named = texts.flatMap(text => /@([^@,]+)/.exec(text)?.[1] ?? [])
  const names = [...new Set([...named, ...macs.keys()])]
  return names.length > 0 ? names : [ONLY]
}
