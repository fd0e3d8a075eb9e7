import t from 'tap'
import { whyNotOffloaded } from '../../src/plane/flow-offload.js'

const raw = { kind: 'raw', name: 'eth0' } as const
const tap = { kind: 'tap', name: 'tap0', mac: undefined } as const

t.test('why no flow is offloaded', async t => {
  t.match(whyNotOffloaded({ devices: [tap] }, undefined), /TAP/)
  t.match(whyNotOffloaded({ devices: [raw] }, {}), /--offload off$/)
  t.equal(whyNotOffloaded({ devices: [raw], offload: {} }, { note: 'EPERM: bpf' }), 'EPERM: bpf')
  t.equal(whyNotOffloaded({ devices: [raw], offload: {} }, { maps: {} as never }), undefined)
})
