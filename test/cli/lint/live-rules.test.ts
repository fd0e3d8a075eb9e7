import t from 'tap'
import { findHazards } from '../../../src/cli/lint/hazards.js'
import { lintServices } from '../../../src/cli/lint/live-rules.js'
import { RuleSetReader } from '../../../src/cli/lint/read-rule-set.js'
import { localControl } from '../../../src/control/operations/execute.js'
import { allServices } from '../../../src/control/protocol/all-services.js'
import type { ServiceKey } from '../../../src/control/protocol/api.js'
import { BenchDirector } from '../../support/bench-director.js'
import { fakeNames } from '../../support/names.js'

const NO_MARKS: ReadonlySet<number> = new Set()
const known = (all: readonly { hazard: string; severity: string }[]): string[] =>
  all.map(({ hazard, severity }) => `${hazard} ${severity}`).toSorted()

const RULES = [
  '-A -t 10.0.0.100:80 -s rr',
  '-a -t 10.0.0.100:80 -r 10.0.1.1:80 -m -w 1',
  '-a -t 10.0.0.100:80 -r 10.0.1.2:80 -m -w 3',
  '-A -t 10.0.0.100:443 -s wlc -p 300 -M 255.255.255.0',
  '-a -t 10.0.0.100:443 -r 10.0.1.1:443 -g -w 0',
  '-A -t 10.0.0.100:0 -s sh -p 300',
  '-a -t 10.0.0.100:0 -r 10.0.1.3 -g -w 300',
  '-a -t 10.0.0.100:0 -r 10.0.1.4 -g -x 100',
  '-A -f 7 -s mh',
  '-a -f 7 -r 10.0.1.2:0 -g -x 10 -y 10',
  '-A -u 10.0.0.100:53 -s sed',
  '-A -t 10.0.0.101:80 -s rr --toa',
  '-a -t 10.0.0.101:80 -r 10.0.1.1:80 -b',
  '-A -t 10.0.0.102:80 -s wlc',
  '--add-laddr -z 10.0.0.9 -t 10.0.0.102:80',
  '-a -t 10.0.0.102:80 -r 10.0.1.1:80 -b',
]

t.test("a director's rules are linted as the file that made them, without lines", async t => {
  const { director, control } = new BenchDirector()
  const reader = new RuleSetReader(fakeNames(), director, [])
  for (const [at, rule] of RULES.entries()) await reader.read({ line: at + 1, words: rule.split(' ') })
  const ofFile = findHazards(reader.ruleSet(NO_MARKS))
  t.ok(new Set(ofFile.map(({ hazard }) => hazard)).size > 10, 'many of them')
  const services = await allServices(control)
  if (!services.ok) throw new Error(services.message)
  const { timeouts } = director.conns
  const found = [...lintServices(services.value, { marks: NO_MARKS, timeouts, networks: [], isFleet: false })].flat()
  t.strictSame(known(found), known(ofFile))
  for (const { message } of found) t.notMatch(message, /\bline\b/)
  const about = (hazard: string): (ServiceKey | undefined)[] =>
    found.filter(each => each.hazard === hazard).map(({ service }) => service)
  t.strictSame(about('mark-unknown'), [{ mark: 7 }])
  t.strictSame(about('all-weight-0'), [{ protocol: 'tcp', address: '10.0.0.100', port: 443 }])
  t.strictSame(about('no-server'), [{ protocol: 'udp', address: '10.0.0.100', port: 53 }])
  const mixed = found.find(({ hazard }) => hazard === 'mixed-methods')
  t.match(
    mixed?.message,
    /^10\.0\.1\.1 is reached by -(g|m) here and by -(g|m) for 10\.0\.0\.100:(80|443), for the same/,
  )
})

t.test('rules without a hazard', async t => {
  const { director, control } = new BenchDirector()
  const local = localControl(director)
  const service = { protocol: 'tcp', address: '10.0.0.100', port: 80 } as const
  const settings = { scheduler: 'wrr', persistence: 0, netmask: '255.255.255.255', onePacket: false, schedFlags: 0 }
  await local.call({ op: 'add-service', service, settings })
  const own = { method: 'masq', weight: 1, upperThreshold: 0, lowerThreshold: 0 } as const
  const destination = { address: '10.0.1.1', port: 80 }
  t.match(await local.call({ op: 'add-destination', service, destination, settings: own }), { ok: true })
  const services = await allServices(control)
  if (!services.ok) throw new Error(services.message)
  const { timeouts } = director.conns
  t.strictSame(
    [...lintServices(services.value, { marks: NO_MARKS, timeouts, networks: [], isFleet: false })].flat(),
    [],
  )
})
