import { type Hazard, ofService } from './hazard.js'

/** What a director with --announce leaves to others. */
export const announceHazards: readonly Hazard[] = [
  ofService('announce-mark', function* ({ line, key }, { areAnnounced }) {
    if (!areAnnounced || !('mark' in key)) return
    yield {
      line,
      message: `a service of a firewall mark names no address, so --announce announces none for mark ${key.mark}, and withdraws none while the director drains: announce its addresses in bird.conf, or make it services of -t and -u`,
    }
  }),
]
