import type { Timeouts } from '../../conn/timeouts.js'
import { passesDirector, type Hazard, type LintedServer, type LintedService, ofService } from './hazard.js'
import { lingerings } from './lingering.js'

export const thresholdHazards: readonly Hazard[] = [
  ofService('threshold-flaps', function* ({ servers }) {
    for (const { line, settings } of servers)
      if (settings.upperThreshold > 0 && settings.lowerThreshold === settings.upperThreshold)
        yield {
          line,
          message: `-y ${settings.lowerThreshold} is -x: a full server is taken back as soon as one connection ends, and is full again with the next; set -y lower, or leave it out (3/4 of -x)`,
        }
  }),
  ofService('threshold-persistent', function* ({ settings, servers }) {
    if (settings.persistence === 0) return
    for (const { line, address, settings: server } of servers)
      if (server.upperThreshold > 0)
        yield {
          line,
          message: `-x ${server.upperThreshold} does not hold persistent clients back: those that ${address} served already come on above it; count on more`,
        }
  }),
  ofService(
    'threshold-capacity',
    function* (service, { timeouts }) {
      const { line, servers } = service
      const eligible = servers.filter(({ settings }) => settings.weight > 0)
      if (eligible.length === 0 || eligible.some(({ settings }) => settings.upperThreshold === 0)) return
      const most = eligible.reduce((sum, { settings }) => sum + settings.upperThreshold, 0)
      yield {
        line,
        message: `every real server has -x: with ${most} connections in all${pace(service, eligible, timeouts)} further clients are refused`,
      }
    },
    'info',
  ),
]

/** How many new connections a second the thresholds allow, as each connection counts on after its last packet. */
function pace({ key, settings }: LintedService, servers: readonly LintedServer[], timeouts: Timeouts): string {
  if (settings.onePacket) return ''
  let perSecond = 0
  const texts = new Set<string>()
  for (const { settings: server } of servers) {
    const [first] = lingerings(key, timeouts, passesDirector(server.method))
    perSecond += server.upperThreshold / first!.seconds
    texts.add(first!.text)
  }
  return ` (each counts for ${[...texts].join(' or ')}: about ${Math.floor(perSecond)} new ones a second)`
}
