import type { HealthPage } from '../../src/control/protocol/api.js'
import { healthPage } from '../../src/keepalived/seen/health-seen.js'
import { WallClock } from '../../src/keepalived/seen/wall-clock.js'
import { http, real, sorry, tcp, virtual } from '../keepalived/health/options.js'
import { VirtualRig } from '../keepalived/health/virtual-rig.js'

/** When the sample starts and when it is looked at: seconds since 1970. */
export const [STARTED_S, LOOKED_S] = [1_700_000_000, 1_700_000_008.5]

const FILE = { kind: 'FILE_CHECK', trackFile: 'tf', weight: 1, isReverse: false } as const

/**
 * Virtual servers with every field that there is, 8.5 s after their start: 10.1.2.2 has just failed a check, as once before, and those of a web
 * server that is asked for /slow do not end.
 */
export function sampleRig(): VirtualRig {
  const check = tcp({ connectPort: 8080 })
  const services = [
    virtual([real(1, 3, { checkers: [check, FILE] }), real(2, 1, { inhibitOnFailure: true })], {
      name: '[10.1.1.1]:tcp:80',
      quorum: 4,
      sorryServer: sorry(9),
    }),
    virtual([real(3, 1, { checkers: [http(['/slow'])] }), real(4, 1, { checkers: [] })], {
      target: { kind: 'fwmark', mark: 7 },
      name: 'FWM 7',
      protocol: 'none',
    }),
    virtual([real(5)], { target: { kind: 'group', group: 'G' }, name: '[G]:0', haSuspend: true }),
  ]
  const rig: VirtualRig = new VirtualRig(services, ({ url, server }) => {
    if (url) return { result: { isUp: true }, tookMs: 60_000 }
    const isDead = rig.nowMs > 8000 || (rig.nowMs > 4000 && rig.nowMs < 6000)
    if (isDead && server.options.address === '10.1.2.2')
      return { result: { isUp: false, why: 'connection refused' }, tookMs: 0 }
    return { result: { isUp: true }, tookMs: 0 }
  })
  rig.at(8200, () => {
    rig.isSuspended = true
    rig.machine.addressesChanged(rig.nowMs)
    rig.setFile('tf', 2)
  })
  return rig.run(8500)
}

export function sampleHealth(from = 0): HealthPage {
  const rig = sampleRig()
  return healthPage(rig.machine.services, from, { nowMs: rig.nowMs, clock: new WallClock(() => LOOKED_S * 1000) })
}
