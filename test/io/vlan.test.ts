import t from 'tap'
import { mapMemory } from '../../src/io/libc.js'
import { Poller } from '../../src/io/poller.js'
import { RawDevice } from '../../src/io/raw-device.js'
import { formatMac } from '../../src/wire/addr.js'
import { concat, hex, tcp4, unhex, virtioHeader } from '../support/frames.js'
import { ip, ownNetwork, veth } from './own-network.js'

const skip = ownNetwork()

// With an address of the kernel's on the interface its IPv4 is not kept from the kernel (kernel-guard.ts).
for (const address of [undefined, '10.0.0.9/24'])
  t.test(
    `frames of a VLAN are not taken for frames of the interface’s own network, the kernel's address there: ${address}`,
    { skip },
    async t => {
      veth('va', 'vb')
      if (address) ip(`addr add ${address} dev vb`)
      const [a, b] = [new RawDevice('va'), new RawDevice('vb')]
      t.teardown(() => {
        a.close()
        b.close()
        ip('link del va')
      })
      const eth = { eth: `02:00:00:00:00:0a > ${formatMac(b.mac)}` }
      const plain = tcp4('10.0.0.1:1 > 10.0.0.2:2', { ...eth, seq: 1 })
      const frame = tcp4('10.0.0.1:1 > 10.0.0.2:2', { ...eth, seq: 2 })
      const tagged = concat(frame.slice(0, 12), unhex('8100 0064'), frame.slice(12))
      const slab = mapMemory(4096)
      for (const [i, each] of [tagged, plain].entries()) {
        const at = 1000 * i + 10
        slab.bytes.set(virtioHeader(), at - 10)
        slab.bytes.set(each, at)
        a.transmit(slab, at, each.length)
      }
      a.flush()
      const got: string[] = []
      for (let i = 0; i < 5; i++) {
        new Poller(b.fds).wait(50)
        b.receive({ frame: ({ bytes }, at, len) => void got.push(hex(bytes.slice(at, at + len))) }, 256)
        b.release()
      }
      t.strictSame(got, [hex(plain)])
      t.equal(b.dropped, 1, 'and counted')
    },
  )
