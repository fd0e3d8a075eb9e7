import t from 'tap'
import { LibpcapDevice } from '../../src/io/libpcap-device.js'
import type { PcapBinding } from '../../src/io/npm-pcap.js'
import { interfaceInfo } from '../../src/linux/interface.js'
import { close } from '../../src/linux/libc.js'
import { bindTo, packetSocket } from '../../src/linux/packet-socket.js'
import type { Slab } from '../../src/packet/frame.js'
import { ip, ownNetworkWithTap } from '../linux/own-network.js'
import { concat, hex, placed, tcp4 } from '../support/frames.js'

const skip = ownNetworkWithTap()
const MAC = '02:00:00:00:0a:01'
const FRAME = tcp4('10.0.0.7:1 > 10.0.1.100:80', { flags: 'S' })

/** What libpcap has of an interface, for one session. */
class Standin {
  waiting: Uint8Array[] = []
  sent: string[] = []
  link = 'LINKTYPE_ETHERNET'
  hasSocket = true
  isGone = false
  filter = ''
  dropped = 0
  #fd = -1
  readonly binding: PcapBinding = {
    // A function that returns an object makes that one by `new`.
    PcapSession: function () {
      return standin.session
    } as unknown as PcapBinding['PcapSession'],
  }
  #taken = (): void => {}
  readonly session = {
    open_live: (name: string, filter: string, ...[, , , taken]: [number, number, string, () => void]) => {
      if (name === 'lo') throw new Error('no permission')
      this.filter = filter
      this.#taken = taken
      if (this.hasSocket) {
        this.#fd = packetSocket()
        bindTo(this.#fd, interfaceInfo(name).index, 0x88b5, name)
      }
      return this.link
    },
    dispatch: (frame: Buffer, header: Buffer) => {
      if (this.isGone) return -1
      for (const octets of this.waiting.splice(0)) {
        frame.set(octets)
        header.writeUInt32LE(octets.length, 8)
        this.#taken()
      }
      return 0
    },
    inject: (frame: Buffer) => void this.sent.push(hex(frame)),
    stats: () => ({ ps_drop: this.dropped, ps_ifdrop: 0 }),
    close: () => {
      if (this.#fd >= 0) close(this.#fd)
      this.#fd = -1
    },
  }
}
let standin = new Standin()
const opened = (): LibpcapDevice => new LibpcapDevice('dum0', standin.binding)

function taken(device: LibpcapDevice, budget = 256): string[] {
  const frames: string[] = []
  const count = device.receive(
    { frame: ({ bytes }: Slab, at: number, len: number) => void frames.push(hex(bytes.slice(at, at + len))) },
    budget,
  )
  t.equal(count, frames.length)
  return frames
}

t.test('libpcap device', { skip }, async t => {
  ip('link add dum0 type veth peer name dum1')
  ip(`link set dum0 address ${MAC}`)
  t.throws(() => new LibpcapDevice('dum0', standin.binding), { code: 'ENETDOWN' })
  ip('link set dum1 up')
  ip('link set dum0 up')
  ip('link set lo up')

  await t.test('what libpcap cannot do is said in a line', async t => {
    t.throws(() => new LibpcapDevice('lo', standin.binding), { message: '--libpcap: lo: no permission' })
    t.throws(() => new LibpcapDevice('none', standin.binding), { code: 'ENODEV' })
    standin.link = 'LINKTYPE_RAW'
    t.throws(opened, { message: '--libpcap: dum0: it is LINKTYPE_RAW, not Ethernet' })
    standin.session.close()
    standin = new Standin()
    standin.hasSocket = false
    t.throws(opened, { message: /socket is not found/ })
  })

  await t.test('frames come in and stay until they are released, however many came at once', async t => {
    standin = new Standin()
    const device = opened()
    t.equal(device.fds.length, 1)
    t.match([device.name, device.mtu], ['dum0', 1500])
    t.equal(standin.filter, `inbound and not ether src ${MAC}`, 'what the host sends did not come in')
    t.strictSame(taken(device), [])
    standin.waiting = Array.from({ length: 5 }, (_, i) => concat(FRAME, Uint8Array.of(i)))
    const whole = standin.waiting.map(hex)
    t.strictSame(taken(device, 2), whole.slice(0, 2))
    device.release()
    standin.waiting = [FRAME]
    t.strictSame(taken(device, 2), whole.slice(2, 4), 'nothing more is read before they have been handed over')
    device.release()
    t.strictSame(taken(device), whole.slice(4))
    t.strictSame(taken(device), [], 'nor before they have been released')
    device.release()
    t.strictSame(taken(device), [hex(FRAME)])
    device.release()
    standin.waiting = Array.from({ length: 9000 }, () => FRAME)
    t.equal(taken(device, 10_000).length, 8192)
    standin.dropped = 3
    t.equal(device.dropped, 9000 - 8192 + 3)
    device.release()
    device.close()
  })

  await t.test('long frames are cut; those that cannot be are lost', async t => {
    standin = new Standin()
    const device = opened()
    const payload = Uint8Array.from({ length: 3000 }, (_, i) => i)
    standin.waiting = [tcp4('10.0.0.7:1 > 10.0.1.100:80', { flags: 'A', payload }), new Uint8Array(1515), FRAME]
    t.strictSame(
      taken(device).map(({ length }) => length / 2),
      [1514, 1514, 54 + 80, FRAME.length],
    )
    t.equal(device.dropped, 1)
    device.release()
    const { slab, at, len } = placed(FRAME)
    t.ok(device.transmit(slab, at, len))
    t.strictSame(standin.sent, [])
    device.flush()
    t.strictSame(standin.sent, [hex(FRAME)])
    standin.isGone = true
    t.throws(() => taken(device), { message: 'dum0: libpcap reads no more: the interface has gone' })
    standin.isGone = false
    t.strictSame(taken(device), [])
    ip('link del dum0')
    t.throws(() => taken(device), { message: 'dum0: libpcap reads no more: the interface has gone' })
    device.close()
  })
})
