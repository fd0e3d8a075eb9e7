import type { Control } from '../../src/control/protocol/api.js'
import { BenchDirector } from '../support/bench-director.js'
import { SimulatedFlows } from '../support/simulated-flows.js'

/** Of a director whose program runs at none of its interfaces: each field of `offload` is there. */
export function offloadingNowhere(): Control {
  const flows = new SimulatedFlows()
  flows.served = []
  return new BenchDirector({ offload: flows, ...({ offloadAfter: undefined } as object) }).control
}
