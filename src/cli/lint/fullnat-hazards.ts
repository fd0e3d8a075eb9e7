import { LOCAL_PORTS } from '../../conn/local-ports.js'
import { type Hazard, keyText, type LintedServer, ofService } from './hazard.js'
import { lingerings } from './lingering.js'

const isFullnat = ({ settings }: LintedServer): boolean => settings.method === 'fullnat'

export const fullnatHazards: readonly Hazard[] = [
  ofService('no-local-address', function* ({ line, key, servers, localAddresses }) {
    if (servers.some(isFullnat) && localAddresses.length === 0)
      yield {
        line,
        message: `${keyText(key)} has FULLNAT servers (-b) and no local address: every connection to them is dropped; give it one with --add-laddr -z`,
      }
  }),
  ofService('few-local-addresses', function* ({ line, key, servers, localAddresses }, { timeouts }) {
    const count = localAddresses.length
    if (count === 0) return
    for (const { line: at, settings, address } of servers.filter(isFullnat))
      if (settings.upperThreshold > count * LOCAL_PORTS)
        yield {
          line: at,
          message: `-x ${settings.upperThreshold} for ${address}, but ${count} local addresses are enough for ${count * LOCAL_PORTS} connections; add more`,
        }
    if (count > 1 || !servers.some(isFullnat)) return
    const paces = lingerings(key, timeouts, true)
      .map(({ seconds, text }) => `${Math.floor(LOCAL_PORTS / seconds)} new ones a second (a port is held for ${text})`)
      .join(' or ')
    yield {
      line,
      severity: 'info',
      message: `one local address: ${LOCAL_PORTS} connections with each real server, ${paces}; add more for more`,
    }
  }),
  ofService(
    'local-address-unused',
    function* ({ servers, localAddresses }) {
      const [first] = localAddresses
      if (first && !servers.some(isFullnat))
        yield {
          line: first.line,
          message: 'local addresses are for FULLNAT, and no real server of the service is (-b)',
        }
    },
    'info',
  ),
  {
    name: 'local-address-is-vip',
    *find({ services }) {
      const vips = new Map(services.flatMap(({ key, line }) => ('mark' in key ? [] : [[key.address, line] as const])))
      for (const { line, address } of services.flatMap(({ localAddresses }) => localAddresses))
        if (vips.has(address)) yield { line, message: sharedWithVip(address) }
    },
  },
  {
    name: 'local-address-is-real-server',
    *find({ services }) {
      const servers = new Set(services.flatMap(({ servers }) => servers.map(({ address }) => address)))
      for (const { line, address } of services.flatMap(({ localAddresses }) => localAddresses))
        if (servers.has(address)) yield { line, message: sharedWithServer(address) }
    },
  },
  ofService('client-address-unused', function* ({ line, settings, servers }) {
    if (tells(settings.clientAddress) && !servers.some(isFullnat))
      yield {
        line,
        message: `${tells(settings.clientAddress)} is for FULLNAT servers (-b), and there is none: the others see the client's address anyway; take it out`,
      }
  }),
  ofService('client-address-mixed', function* ({ line, settings, servers }) {
    const other = servers.find(server => !isFullnat(server))
    if (tells(settings.clientAddress) && other && servers.some(isFullnat))
      yield {
        line,
        message: `${tells(settings.clientAddress)} is for FULLNAT servers only: ${other.address}, which is reached otherwise, gets none: a server that waits for one waits in vain, or believes what a client writes itself`,
      }
  }),
]

function tells(how: string | undefined): string | undefined {
  if (how === undefined || how === 'none') return undefined
  return how === 'toa' ? '--toa' : `--proxy-protocol ${how.slice(-2)}`
}

export function sharedWithVip(address: string): string {
  return `${address} is a virtual address: answers of real servers to it would be taken for clients'; choose another`
}

export function sharedWithServer(address: string): string {
  return `${address} is a real server's address: the director would claim it by ARP and take the server's packets; choose another`
}
