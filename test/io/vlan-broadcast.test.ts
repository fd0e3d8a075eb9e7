import t from 'tap'
import { mapMemory } from '../../src/io/libc.js'
import { Poller } from '../../src/io/poller.js'
import { RawDevice } from '../../src/io/raw-device.js'
import { arp, brief, concat, icmp4, unhex, virtioHeader } from '../support/frames.js'
import { ip, ownNetwork, veth } from './own-network.js'

const skip = ownNetwork()

// With an address of the kernel's on the interface its IPv4 is not kept from the kernel (kernel-guard.ts).
for (const address of [undefined, '10.0.0.9/24'])
  t.test(
    `neither are broadcast frames of a VLAN, ARP among them, the kernel's address there: ${address}`,
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
      const frames = [
        icmp4('10.0.0.1 > 10.0.0.2', { type: 8, eth: '02:00:00:00:00:0a > ff:ff:ff:ff:ff:ff' }),
        arp({ operation: 'request', senderMac: '02:00:00:00:00:0a', senderAddr: '10.0.0.1', targetAddr: '10.0.0.2' }),
      ]
      const slab = mapMemory(4096)
      for (const [i, frame] of frames.entries()) {
        const tagged = concat(frame.slice(0, 12), unhex('8100 0064'), frame.slice(12))
        const at = 1000 * i + 10
        slab.bytes.set(virtioHeader(), at - 10)
        slab.bytes.set(tagged, at)
        a.transmit(slab, at, tagged.length)
      }
      a.flush()
      const got: string[] = []
      for (let i = 0; i < 8; i++) {
        new Poller(b.fds).wait(50)
        b.receive({ frame: ({ bytes }, at, len) => void got.push(brief(bytes.slice(at, at + len))) }, 256)
        b.release()
      }
      t.strictSame(got, [])
    },
  )
