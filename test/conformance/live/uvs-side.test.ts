import t from 'tap'
import type { PacketStep } from './scenario.js'
import { Unplayable, UvsSide } from './uvs-side.js'

const SETUP = [
  'ipvsadm --set 1 1 1',
  'ipvsadm -A -u 10.99.1.100:53 -s rr',
  'ipvsadm -a -u 10.99.1.100:53 -r 10.99.2.11:53 -m',
]
const PACKET: PacketStep = {
  kind: 'packet',
  flow: {
    protocol: 'udp',
    client: '10.99.1.10',
    clientPort: 40_000,
    vip: '10.99.1.100',
    vipPort: 53,
    server: '10.99.2.11',
    serverPort: 53,
  },
  from: 'c',
  shape: { payloadLen: 0, ttl: 64, tos: 0, df: true, id: 0x1234, ipOptions: '', checksum: 'right' },
}

t.test('around the end of a timer there is a time in which only one director may have seen it', async t => {
  const uvs = await UvsSide.start({ name: 'timer', setup: SETUP, steps: [] })
  t.equal(uvs.uncertainSeconds(1), 0, 'nobody there')
  t.match((await uvs.play(PACKET)).out, { length: 1 })
  t.equal(uvs.uncertainSeconds(0.15), 0, 'a second to go')
  uvs.advance(0.9)
  const late = 0.06 + 1 / 8
  t.ok(Math.abs(uvs.uncertainSeconds(0.15) - (0.1 + late)) < 0.02, 'about to run out')
  uvs.advance(0.12)
  t.match(await uvs.state(), /^IPVS connection entries\npro .*\nIP Virtual/, 'run out here')
  t.ok(Math.abs(uvs.uncertainSeconds(0.15) - (late - 0.02)) < 0.02, 'and there perhaps not')
  uvs.advance(late)
  t.equal(uvs.uncertainSeconds(0.15), 0)
})

t.test('of long timers none is taken to be an eighth late', async t => {
  const uvs = await UvsSide.start({ name: 'timer', setup: SETUP.slice(1), steps: [] })
  await uvs.play(PACKET)
  uvs.advance(299)
  t.equal(uvs.uncertainSeconds(0.15), 0, 'a second to go')
  uvs.advance(0.9)
  t.ok(Math.abs(uvs.uncertainSeconds(0.15) - (0.1 + 0.06)) < 0.02, '300 s: not 37')
})

t.test('a setup that is refused cannot be played', async t => {
  await t.rejects(UvsSide.start({ name: 'no', setup: ['ipvsadm -A -t nobody'], steps: [] }), Unplayable)
})
