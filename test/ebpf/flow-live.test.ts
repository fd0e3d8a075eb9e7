import t from 'tap'
import { ownNetwork } from '../linux/own-network.js'
import { Wires } from './flow-wires.js'

const skip = ownNetwork()

for (const way of ['tcx', 'clsact'] as const)
  t.test(`checksums left to the device and frames of segments leave as by the fast path: ${way}`, { skip }, async t => {
    const wires = new Wires(way)
    t.teardown(() => wires.close())
    const forwarded = wires.firstWrong()
    t.ok(typeof forwarded === 'number' && forwarded > 300, `${forwarded}`)
    t.equal(wires.bench.table.lost, 0)
  })
