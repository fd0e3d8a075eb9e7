import { parseIpv4 } from '../../wire/addr.js'
import { endpointText } from '../../control/protocol/service-name.js'
import { type Hazard, keyText, type LintedServer, type LintedService, ofService } from './hazard.js'

/** Buckets of sh and dh (ipvs-behaviour.md §3.5). */
const BUCKETS = 256
/** From this weight on, the wrr server with the larger weight gets connections in noticeable bursts. */
const BURST = 100
const FALLBACK_FLAG = 1
const BY_HASH = ['sh', 'dh', 'mh']
/** Schedulers for which a weight is only 0 or not (§3.2, §3.4, §3.6). */
const WITHOUT_WEIGHTS = ['rr', 'lc', 'dh']
/** Schedulers that count active connections only; UDP connections are never active (§2.6, §3.4). */
const ACTIVE_ONLY = ['sed', 'nq', 'ovf']

const isQuiesced = ({ settings }: LintedServer): boolean => settings.weight === 0

function weightsOf({ servers }: LintedService): number[] {
  return servers.map(({ settings }) => settings.weight).filter(weight => weight > 0)
}

function refusesItself({ settings }: LintedService): boolean {
  return BY_HASH.includes(settings.scheduler) && (settings.scheduler === 'dh' || !(settings.schedFlags & FALLBACK_FLAG))
}

const remedy = (scheduler: string): string =>
  scheduler === 'dh' ? 'dh has no fallback: take the server away instead' : `add -b ${scheduler}-fallback`

const alikeText = (one: LintedServer, other: LintedServer): string =>
  `mh places ${endpointText(one)} and ${endpointText(other)} alike, as address and port add up to the same number: when a server goes, clients of the others move too; use ports that are further apart`

export const weightHazards: readonly Hazard[] = [
  ofService('persistent-weight-0', function* ({ settings, servers }) {
    if (settings.persistence === 0) return
    for (const { line, address } of servers.filter(isQuiesced))
      yield {
        line,
        message: `${address} has weight 0, but clients that it served go on coming for ${settings.persistence} s at a time: set sysctl expire_quiescent_template=1`,
      }
  }),
  ofService('hash-weight-0', function* (service) {
    if (!refusesItself(service)) return
    const { scheduler } = service.settings
    for (const { line, address, lastWeight } of service.servers.filter(isQuiesced))
      if (scheduler !== 'mh' || lastWeight > 0)
        yield {
          line,
          message: `${scheduler} keeps buckets for ${address}, whose weight is 0, and refuses their clients: ${remedy(scheduler)}`,
        }
  }),
  ofService('hash-threshold', function* (service) {
    if (!refusesItself(service)) return
    const { scheduler } = service.settings
    for (const { line, address, settings } of service.servers)
      if (settings.upperThreshold > 0)
        yield {
          line,
          message: `${scheduler} refuses the clients of ${address} while it is above -x ${settings.upperThreshold}, whatever the others could take: ${scheduler === 'dh' ? 'dh has no fallback: leave -x out' : remedy(scheduler)}`,
        }
  }),
  ofService('hash-starved', function* (service) {
    const total = weightsOf(service).reduce((sum, weight) => sum + weight, 0)
    if (service.settings.scheduler === 'sh' && total > BUCKETS && service.servers.length > 1)
      yield {
        line: service.line,
        message: `the weights add up to ${total}, sh has ${BUCKETS} buckets: servers added first get fewer than they should, or none; use smaller weights`,
      }
  }),
  ofService('hash-alike', function* ({ settings, servers }) {
    if (settings.scheduler !== 'mh' || servers.length < 3) return
    const bySum = new Map<number, LintedServer>()
    for (const server of servers) {
      const addr = parseIpv4(server.address)
      if (addr === undefined || server.lastWeight === 0) continue
      const alike = bySum.get(addr + server.port)
      if (alike === undefined) bySum.set(addr + server.port, server)
      else yield { line: server.line, message: alikeText(alike, server) }
    }
  }),
  ofService('weight-ratio', function* (service) {
    const weights = weightsOf(service)
    const [least, most] = [Math.min(...weights), Math.max(...weights)]
    if (service.settings.scheduler === 'wrr' && weights.length > 1 && most >= BURST * least)
      yield {
        line: service.line,
        message: `weights from ${least} to ${most}: wrr gives the heaviest many connections in a row before another gets one; use smaller ratios, or wlc`,
      }
  }),
  ofService('weights-ignored', function* (service) {
    const { scheduler } = service.settings
    if (WITHOUT_WEIGHTS.includes(scheduler) && new Set(weightsOf(service)).size > 1)
      yield {
        line: service.line,
        message: `${scheduler} looks at weights only for 0: all servers get the same share; use w${scheduler === 'dh' ? 'lc' : scheduler}`,
      }
  }),
  ofService('udp-load-unseen', function* ({ line, key, settings }) {
    if ('mark' in key || key.protocol !== 'udp' || !ACTIVE_ONLY.includes(settings.scheduler)) return
    yield {
      line,
      message: `${settings.scheduler} goes by active connections, and those of UDP never count as active: use wlc or wrr`,
    }
  }),
  ofService('all-weight-0', function* ({ line, key, servers }) {
    if (servers.length > 0 && servers.every(isQuiesced))
      yield {
        line,
        message: `every real server of ${keyText(key)} has weight 0: new connections are refused (ICMP port unreachable)`,
      }
  }),
  ofService('no-server', function* ({ line, key, servers }) {
    if (servers.length === 0)
      yield {
        line,
        message: `${keyText(key)} has no real server: its clients are refused (ICMP port unreachable); add one with -a, or take the service out`,
      }
  }),
]
