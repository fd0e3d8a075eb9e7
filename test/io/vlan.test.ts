import t, { type Test } from 'tap'
import { mapMemory } from '../../src/linux/libc.js'
import { Poller } from '../../src/linux/poller.js'
import { ProgramFront } from '../../src/ebpf/program-front.js'
import { RawDevice } from '../../src/io/raw-device.js'
import { formatMac } from '../../src/wire/addr.js'
import { arp, concat, hex, icmp4, tcp4, unhex, virtioHeader } from '../support/frames.js'
import { ip, ownNetwork, veth } from '../linux/own-network.js'

const skip = ownNetwork()
/** Where uvs is the only host, or without a front. */
const FRONTED = [true, false]
const SENDER = '02:00:00:00:00:0a'

function tagged(frame: Uint8Array): Uint8Array {
  return concat(frame.slice(0, 12), unhex('8100 0064'), frame.slice(12))
}

/** Both ends of a wire, a front before the second. */
function wire(t: Test, isFronted: boolean): [RawDevice, RawDevice] {
  veth('va', 'vb')
  const front = isFronted ? new ProgramFront() : undefined
  const a = new RawDevice('va')
  const b = new RawDevice('vb', {
    front: front && { mode: 'exclusive', programFd: front.programFd('exclusive') },
  })
  front?.close()
  t.teardown(() => {
    a.close()
    b.close()
    ip('link del va')
  })
  return [a, b]
}

/** Sends the frames from one end; answers what comes to the other. */
function heard(a: RawDevice, b: RawDevice, frames: readonly Uint8Array[]): string[] {
  const slab = mapMemory(4096)
  for (const [i, frame] of frames.entries()) {
    const at = 1000 * i + 10
    slab.bytes.set(virtioHeader(), at - 10)
    slab.bytes.set(frame, at)
    a.transmit(slab, at, frame.length)
  }
  a.flush()
  const got: string[] = []
  for (let i = 0; i < 8; i++) {
    new Poller(b.fds).wait(50)
    b.receive({ frame: ({ bytes }, at, len) => void got.push(hex(bytes.slice(at, at + len))) }, 256)
    b.release()
  }
  return got
}

for (const isFronted of FRONTED) {
  const title = isFronted ? 'behind a front' : 'without a front'
  t.test(
    `frames of a VLAN are not taken for the interface’s own network’s, and counted; ${title}`,
    { skip },
    async t => {
      const [a, b] = wire(t, isFronted)
      const eth = { eth: `${SENDER} > ${formatMac(b.mac)}` }
      const plain = tcp4('10.0.0.1:1 > 10.0.0.2:2', { ...eth, seq: 1 })
      const other = tcp4('10.0.0.1:1 > 10.0.0.2:2', { ...eth, seq: 2 })
      t.strictSame(heard(a, b, [tagged(other), plain]), [hex(plain)])
      t.equal(b.dropped, 1)
    },
  )

  t.test(`neither are broadcast ones, ARP among them; ${title}`, { skip }, async t => {
    const [a, b] = wire(t, isFronted)
    const frames = [
      icmp4('10.0.0.1 > 10.0.0.2', { type: 8, eth: `${SENDER} > ff:ff:ff:ff:ff:ff` }),
      arp({ operation: 'request', senderMac: SENDER, senderAddr: '10.0.0.1', targetAddr: '10.0.0.2' }),
    ]
    t.strictSame(heard(a, b, frames.map(tagged)), [])
  })
}
