import { KeepalivedControl } from '../../src/cli/uvs/director/keepalived-control.js'
import type { Control } from '../../src/control/protocol/api.js'
import { sampleHealth } from './sample-health.js'
import { samplePlan } from './sample-plan.js'
import { sampleVrrp } from './sample-vrrp.js'

/** In front of a director, a keepalived.conf with every field that is shown. */
export function sampleSeen(director: Control = REFUSES): Control {
  const control = new KeepalivedControl(director, true)
  control.show({ healthPage: sampleHealth, vrrp: sampleVrrp, planReload: samplePlan, ...mayClaim })
  return control
}

const mayClaim = { whyNotClaimed: () => undefined, whyNotLetGo: () => undefined }
const REFUSES: Control = {
  call: async () => ({ ok: false, refusal: 'EOPNOTSUPP', message: 'asked the data plane' }),
}
