import { type Hazard, ofService } from './hazard.js'

/** A TCP connection counts for so long after it has been closed (ipvs-behaviour.md §5.1). */
const TIME_WAIT_S = 120

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
    function* ({ line, key, servers }) {
      const eligible = servers.filter(({ settings }) => settings.weight > 0)
      if (eligible.length === 0 || eligible.some(({ settings }) => settings.upperThreshold === 0)) return
      const most = eligible.reduce((sum, { settings }) => sum + settings.upperThreshold, 0)
      const isTcp = 'mark' in key || key.protocol === 'tcp'
      const pace = isTcp
        ? ` (closed ones count for ${TIME_WAIT_S} s more: about ${Math.floor(most / TIME_WAIT_S)} new ones a second)`
        : ''
      yield {
        line,
        message: `every real server has -x: with ${most} connections in all${pace} further clients are refused`,
      }
    },
    'info',
  ),
]
