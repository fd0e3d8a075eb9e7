import { type Hazard, keyText, type LintedService, ofService, type RuleSet } from './hazard.js'

/** Schedulers that choose alike on every director (docs/fleet.md). */
const CHOOSE_ALIKE = ['mh', 'sh']
/** The whole address: each client is a network of its own. */
const SINGLE = '255.255.255.255'

/** Whether a flow may move: UDP's and others' next packet opens a connection anyway, that of TCP and SCTP is in the middle. */
function hasState({ key }: LintedService): boolean {
  return 'mark' in key || key.protocol !== 'udp'
}

/** What happens to flows that the router moves from one director of a fleet to another. */
export const fleetHazards: readonly Hazard[] = [
  ofFleet('fleet-choice', function* ({ line, key, settings }) {
    if (CHOOSE_ALIKE.includes(settings.scheduler)) return
    yield {
      line,
      message: `${settings.scheduler} chooses by what this director has done before: a connection that moves to another director gets another real server there; use mh or sh for ${keyText(key)}`,
    }
  }),
  ofFleet('fleet-sloppy-tcp', function* (service) {
    if (!CHOOSE_ALIKE.includes(service.settings.scheduler) || !hasState(service) || service.servers.length === 0) return
    yield {
      line: service.line,
      severity: 'info',
      message: `a connection that moves to another director goes on only where a packet from its middle may open one: sloppy_tcp=1 (of SCTP, sloppy_sctp=1), which uvs director --fleet sets; without it the client is reset`,
    }
  }),
  ofFleet('fleet-translated', function* ({ servers }) {
    for (const { line, address, settings } of servers)
      if (settings.method === 'fullnat')
        yield {
          line,
          message: `connections to ${address} end when they move: the other director comes to it from another local address, and it resets them; use -g or -i`,
        }
      else if (settings.method === 'masq')
        yield {
          line,
          message: `connections to ${address} go on after a move only if its answers then come through the other director too: its gateway must move with them; use -g or -i`,
        }
  }),
  ofFleet('fleet-persistence', function* ({ line, settings }) {
    if (settings.persistence === 0 || !CHOOSE_ALIKE.includes(settings.scheduler)) return
    const { netmask, scheduler } = settings
    const isWide = netmask !== SINGLE
    yield {
      line,
      ...(isWide ? {} : { severity: 'info' }),
      message: isWide
        ? `each director keeps templates of its own: the client that comes first decides for all under -M ${netmask}, and another may come first elsewhere; leave -M out`
        : `each director keeps templates of its own: a client that moves gets the real server that ${scheduler} names for it now, not one that it had before the servers changed`,
    }
  }),
]

function ofFleet(name: string, find: (service: LintedService, rules: RuleSet) => ReturnType<Hazard['find']>): Hazard {
  return ofService(name, (service, rules) => (rules.isFleet ? find(service, rules) : []))
}
