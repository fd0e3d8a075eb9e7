import t from 'tap'
import { VIP, BenchDirector } from '../support/bench-director.js'
import { destinationSettings, serviceSettings } from '../support/settings.js'
import { tcp4 } from '../support/frames.js'
import { fromClient } from '../support/bench-director.js'

t.test('without a scheduler nobody is served', async t => {
  const bench = new BenchDirector()
  const service = { protocol: 'tcp', address: VIP, port: 80 } as const
  bench.must({ op: 'add-service', service, settings: serviceSettings('none') })
  bench.must({
    op: 'add-destination',
    service,
    destination: { address: '10.99.2.11', port: 80 },
    settings: destinationSettings(1),
  })
  bench.receive('c', tcp4(`10.99.1.10:40000 > ${VIP}:80`, { ...fromClient, flags: 'S' }))
  t.equal(bench.director.verdictCounters.byName()['drop-no-destination'], 1)
})
