import t from 'tap'
import type { TunnelInfo } from '../../../src/control/protocol/api.js'
import { COUNT_LOW, FlowForm, FORM, MTU, PROTOCOL_SHIFT, SLOT_WORDS } from '../../../src/packet/flow-slot.js'
import { IpProtocol } from '../../../src/wire/ipv4.js'
import { BenchDirector, fromClient, VIP } from '../../support/bench-director.js'
import { tcp4 } from '../../support/frames.js'
import { destinationSettings, serviceSettings } from '../../support/settings.js'
import { SimulatedFlows } from '../../support/simulated-flows.js'

const FORM_BITS = Object.values(FlowForm).reduce((bits, bit) => bits | bit, 0)
const service = { protocol: 'tcp', address: VIP, port: 80 } as const
const destination = { address: '10.99.2.11', port: 80 }
const CLIENT = '10.99.1.10:4000'
const IPIP: TunnelInfo = { type: 'ipip', port: 0, checksum: 'none' }
const GRE: TunnelInfo = { ...IPIP, type: 'gre' }
const GUE: TunnelInfo = { ...IPIP, type: 'gue', port: 6080 }
const through = (tunnel: TunnelInfo) => destinationSettings(1, { method: 'tunnel', tunnel })

/** A director with a tunnel and the program; `send` a segment of an open connection. */
class Tunneled extends BenchDirector {
  readonly flows: SimulatedFlows
  constructor(tunnel = IPIP, settings = {}) {
    const flows = new SimulatedFlows(16)
    super({ offload: flows })
    this.flows = flows
    this.must({ op: 'add-service', service, settings: serviceSettings('rr', settings) })
    this.must({ op: 'add-destination', service, destination, settings: through(tunnel) })
    for (const flags of ['S', 'A', 'A'])
      this.receive('c', tcp4(`${CLIENT} > ${VIP}:80`, { ...fromClient, flags, df: true }))
    this.out()
  }
  send(payload = 10, df = true, tos = 0): string[] {
    this.receive('c', tcp4(`${CLIENT} > ${VIP}:80`, { ...fromClient, flags: 'PA', payload, df, tos }))
    return this.out()
  }
  /** Of the segments, how many the program forwards. */
  forwarded(send: () => void): number {
    const before = this.flows.forwarded
    send()
    return this.flows.forwarded - before
  }
  get slot(): Int32Array {
    return this.flows.slots.subarray(SLOT_WORDS, 2 * SLOT_WORDS)
  }
  /** `FlowForm` bits of the slot, and the flow's protocol. */
  get form(): [number, number] {
    return [this.slot[FORM]! & FORM_BITS, this.slot[FORM]! >>> PROTOCOL_SHIFT]
  }
}

t.test('an open connection’s flow into a tunnel by IPIP is entered, with what is left of the MTU', async t => {
  const director = new Tunneled()
  t.equal(director.director.flows!.figures.flows, 1)
  t.strictSame([...director.form, director.slot[MTU]], [FlowForm.TUNNEL, IpProtocol.TCP, 1480])
  t.equal(
    director.forwarded(() => director.send(1440)),
    1,
  )
  t.equal(
    director.forwarded(() => t.match(director.send(1441).join(), /icmp|ICMP|unreachable/)),
    0,
    'one that is too large',
  )
  t.equal(
    director.forwarded(() => director.send(10, false)),
    0,
    'without DF the outer header has an identification',
  )
})

t.test('what leaves is what leaves without the program', async t => {
  const director = new Tunneled()
  for (const tos of [0, 3, 0xfe]) {
    director.director.flows!.changed()
    const whole = director.send(10, true, tos)
    t.equal(
      director.forwarded(() => t.strictSame(director.send(10, true, tos), whole)),
      1,
    )
  }
})

t.test('octets are those of the inner packet', async t => {
  const director = new Tunneled()
  const before = director.slot[COUNT_LOW]!
  director.send(10)
  t.equal((director.slot[COUNT_LOW]! - before) >>> 24, 50)
})

t.test('where a service believes TOA, options are looked at', async t => {
  t.equal(new Tunneled(IPIP, { clientAddress: 'toa' }).form[0], FlowForm.TUNNEL | FlowForm.CHECK_OPTIONS)
})

t.test(
  'into a tunnel by GRE or GUE what leaves is what leaves without the program, of GUE with the port of its flow',
  async t => {
    for (const [tunnel, form, overhead] of [
      [GRE, FlowForm.GRE, 24],
      [GUE, FlowForm.GUE, 32],
    ] as const) {
      const director = new Tunneled(tunnel)
      t.equal(director.director.flows!.figures.flows, 1, tunnel.type)
      t.strictSame([...director.form, director.slot[MTU]], [FlowForm.TUNNEL | form, IpProtocol.TCP, 1500 - overhead])
      for (const [payload, tos] of [
        [10, 0],
        [0, 3],
        [1460 - overhead, 0xfe],
      ] as const) {
        director.director.flows!.changed()
        const whole = director.send(payload, true, tos)
        t.equal(
          director.forwarded(() => t.strictSame(director.send(payload, true, tos), whole)),
          1,
        )
      }
      t.equal(
        director.forwarded(() => t.match(director.send(1461 - overhead).join(), /icmp|ICMP|unreachable/)),
        0,
        'one that is too large',
      )
    }
  },
)

t.test('with a checksum GRE and GUE stay with the director', async t => {
  for (const tunnel of [
    { ...GRE, checksum: 'full' },
    { ...GUE, checksum: 'full' },
    { ...GUE, checksum: 'remote' },
  ] as const) {
    const director = new Tunneled(tunnel)
    t.equal(
      director.forwarded(() => [1, 2, 3].forEach(() => director.send())),
      0,
      tunnel.type,
    )
    t.equal(director.director.flows!.figures.flows, 0)
  }
})

t.test('another tunnel, or no look for the MTU, and packets come up again', async t => {
  const director = new Tunneled()
  const three = (): number => director.forwarded(() => [1, 2, 3].forEach(() => director.send()))
  t.equal(three(), 3)
  director.must({ op: 'edit-destination', service, destination, settings: through({ ...GRE, checksum: 'full' }) })
  t.equal(three(), 0)
  director.must({ op: 'edit-destination', service, destination, settings: through(GUE) })
  t.equal(three(), 2, 'the first comes up')
  director.must({ op: 'edit-destination', service, destination, settings: through(IPIP) })
  t.equal(three(), 2, 'the first comes up')
  director.must({ op: 'set-sysctl', name: 'pmtu_disc', value: '0' })
  t.equal(three(), 0)
  director.must({ op: 'set-sysctl', name: 'pmtu_disc', value: '1' })
  t.equal(three(), 2)
})
