import t from 'tap'
import { Rig } from '../conformance/rig.js'
import { decode, icmp4, packetOf, udp4 } from '../support/frames.js'

const FROM_CLIENT = { eth: '02:00:00:00:01:10 > 02:00:00:00:01:01' }
const FROM_SERVER = { eth: '02:00:00:00:02:11 > 02:00:00:00:02:01', df: false }
const REQUEST = udp4('10.99.1.10:40000 > 10.99.1.100:53', { ...FROM_CLIENT, payload: 1400 })

/** A director whose one server is behind a tunnel, and a packet that went through it. */
async function tunnelled(type: string): Promise<{ rig: Rig; outer: Uint8Array }> {
  const rig = new Rig()
  await rig.run('ipvsadm -A -u 10.99.1.100:53 -s rr')
  await rig.run(`ipvsadm -a -u 10.99.1.100:53 -r 10.99.2.11:53 ${type}`)
  rig.take()
  rig.send('c', REQUEST)
  return { rig, outer: packetOf(rig.take()[0]!.frame) }
}
/** The MTU that the client is told after `mtu` has been told about the packet in the tunnel. */
function told(rig: Rig, about: Uint8Array, mtu: number): number {
  const payload = about.slice(0, 548)
  rig.send('r', icmp4('10.99.2.11 > 10.99.2.1', { ...FROM_SERVER, type: 3, code: 4, rest: mtu, payload }))
  return toldClient(rig)
}
function toldClient(rig: Rig): number {
  const [sent] = rig.take()
  const fields = decode(sent!.frame)
  return fields['icmp.type'] === 3 && fields['icmp.code'] === 4 ? Number.parseInt(String(fields['icmp.rest']), 16) : 0
}

// What each line expects was read off the kernel by the live comparison.
for (const [type, overhead] of [
  ['-i', 20],
  ['-i --tun-type gre', 24],
  ['-i --tun-type gre --tun-csum', 28],
  ['-i --tun-type gue --tun-port 6080', 32],
] as const) {
  t.test(
    `${type}: the client is told the MTU of the last packet’s route, and with the next packet the new one`,
    async t => {
      const { rig, outer } = await tunnelled(type)
      t.equal(told(rig, outer, 1300), 1480)
      t.equal(told(rig, outer, 1400), 1480, 'more than is known is not believed')
      rig.send('c', REQUEST)
      t.equal(toldClient(rig), 1300 - overhead)
      t.equal(told(rig, outer, 1000), 980, 'a route that has heard of one hears of a smaller one at once')
      t.equal(told(rig, outer, 100), 532, 'the least that is believed is 552')
    },
  )
}

t.test('an edit lets the route be looked up anew: the client is told what was told', async t => {
  const { rig, outer } = await tunnelled('-i')
  await rig.run('ipvsadm -e -u 10.99.1.100:53 -r 10.99.2.11:53 -i -w 2')
  t.equal(told(rig, outer, 1300), 1280)
})
