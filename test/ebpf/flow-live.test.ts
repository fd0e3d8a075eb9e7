import t from 'tap'
import { ownNetwork } from '../linux/own-network.js'
import { Wires } from './flow-wires.js'
import { apartFlows, cutFlows, rewrittenFlows, tunnelFlows } from './wired-flows.js'

const skip = ownNetwork()

for (const way of ['tcx', 'clsact'] as const)
  for (const [what, flows, atLeast] of [
    ['leave as by the fast path', rewrittenFlows, 300],
    ['go into tunnels', tunnelFlows, 200],
    ['are cut behind tunnels’ headers', cutFlows, 50],
    ['leave though their headers are apart', apartFlows, 100],
  ] as const)
    t.test(`checksums left to the device and frames of segments ${what}: ${way}`, { skip }, async t => {
      const wires = new Wires(way, flows)
      t.teardown(() => wires.close())
      const forwarded = wires.firstWrong()
      t.ok(typeof forwarded === 'number' && forwarded > atLeast, `${forwarded}`)
      t.equal(wires.bench.table.lost, 0)
    })
