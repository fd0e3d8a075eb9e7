import t from 'tap'
import { localControl } from '../../src/control/operations/execute.js'
import { allServices } from '../../src/control/protocol/all-services.js'
import { trialDirectorMaker } from '../../src/control/rules/trial-director.js'
import { readConfig } from '../../src/keepalived/config/read-config.js'
import { checkedServices } from '../../src/keepalived/health/checked-service.js'
import { RuleWriter, triedRules } from '../../src/keepalived/rules/rule-writer.js'
import { routerSettingsFrom } from '../../src/keepalived/vrrp/from-config.js'
import { parsedCases, recordedCases } from './config/recorded-cases.js'
import { recordedHost } from './config/recorded-host.js'
import { VirtualRig } from './health/virtual-rig.js'

/* The configurations of tutorials, mistakes and all: each that keepalived runs is run, unchanged. */

const makeDirector = await trialDirectorMaker({
  devices: [{ kind: 'raw', name: 'eth0' }],
  director: { addresses: ['192.168.200.1/24@eth0'], seed: 1 },
  workers: 1,
} as never)

const started = new Map(parsedCases().map(({ name, started: isStarted }) => [name, isStarted ?? true]))
const tutorials = recordedCases().filter(({ name }) => /^(tut|sample)-/.test(name))

t.ok(tutorials.filter(({ name }) => name.startsWith('tut-')).length > 35)

for (const recorded of tutorials) {
  const { name, status } = recorded
  if (!started.get(name) && status !== 0) continue
  t.test(`${name}: runs`, async t => {
    const { config } = readConfig(`${name}.conf`, recordedHost(`${name}.conf`, recorded))
    const services = checkedServices(config!)
    t.equal(await triedRules(services, localControl(makeDirector())), undefined)

    const director = localControl(makeDirector())
    const refused: string[] = []
    const writer = new RuleWriter(director, message => void refused.push(message))
    const up = { result: { isUp: true }, tookMs: 5 } as const
    new VirtualRig(services, () => up, { change: change => writer.change(change) }).run(300_000)
    await writer.written()
    t.strictSame(refused, [])
    const found = await allServices(director)
    const isIn = (address: string): boolean =>
      found.ok && found.value.some(({ destinations }) => destinations.some(one => one.address === address))
    for (const { realServers } of services)
      for (const { address } of realServers) t.ok(isIn(address), `${address} is in the rules`)

    t.equal(routerSettingsFrom(config!).instances.length, config!.instances.length)
  })
}
