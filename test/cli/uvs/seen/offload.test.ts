import t from 'tap'
import { showOffload } from '../../../../src/cli/uvs/seen/offload.js'
import type { Control, OffloadInfo } from '../../../../src/control/protocol/api.js'
import { BenchDirector } from '../../../support/bench-director.js'
import { offloadingNowhere } from '../../sample-offload.js'

const counts = {
  flows: 24,
  capacity: 262_144,
  entered: 30,
  refused: 0,
  evicted: 0,
  epochs: 3,
  packets: 1_234_567,
  octets: 987_654_321,
  lost: 0,
}
const here = {
  young: 6,
  changing: 0,
  tunnel: 1,
  noDf: 0,
  handOver: 0,
  sctp: 0,
  noServer: 0,
  noWay: 0,
  noRoom: 0,
  watched: 0,
  sampled: 0,
  due: 2,
}
const info: OffloadInfo = { interfaces: ['eth0', 'eth1'], after: 12, counts, balanced: 360, here }
const control: Control = { call: async () => ({ ok: true, value: info }) as never }

t.test('a table: what the program forwards, what comes up, and why', async t => {
  t.strictSame(await showOffload(control), {
    status: 0,
    out: `flows              24  of at most 262144, forwarded before eth0 and eth1
  entered          30  each after 12 packets of its client
  refused           0  there was no room
  evicted           0  idle, made room for others
  epochs            3  changes after which all were decided anew
packets       1234567  by the program
  octets    987654321  of them
  lost              0  frames that it could not finish: drop-flow-unfinished
  here            360  frames that came up and were balanced by the director
flows here          9  come up to the director
  young             6  too few packets so far
  tunnel            1  a tunnel with a checksum, or sysctl pmtu_disc is 0
  due               2  the next packet is decided on
`,
    err: '',
  })
})

t.test('where flows are kept, what was taken over', async t => {
  const kept = { ...info, kept: { takenOver: 12, waiting: 3 } }
  const { out } = await showOffload({ call: async () => ({ ok: true, value: kept }) as never })
  t.match(
    out,
    /^taken over +12 {2}connections of an earlier director\n {2}waiting +3 {2}flows of it whose real server/m,
  )
})

t.test('after how many packets at the earliest and at the latest', async t => {
  const auto = { ...info, after: 2, latest: 8 }
  const { out } = await showOffload({ call: async () => ({ ok: true, value: auto }) as never })
  t.match(out, /^ {2}entered +30 {2}each after 2 to 8 packets of its client$/m)
})

t.test('as JSON', async t => {
  const { out } = await showOffload(control, true)
  t.strictSame(JSON.parse(out), { version: 1, offload: info })
})

t.test('one line where nothing is offloaded, or the director refuses', async t => {
  t.match(await showOffload(offloadingNowhere()), {
    status: 0,
    out: 'no flow is offloaded: the program runs before none of the interfaces\n',
  })
  t.match(await showOffload(new BenchDirector().control), { out: /^no flow is offloaded: .+\n$/ })
  const refusing: Control = {
    call: async () => ({ ok: false, refusal: 'EPROTO', message: 'no such operation' }) as never,
  }
  await t.rejects(showOffload(refusing), { message: 'no such operation' })
})
