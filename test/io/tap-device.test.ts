import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { mapMemory, SystemError } from '../../src/linux/libc.js'
import { Poller } from '../../src/linux/poller.js'
import { macOfName, TapDevice } from '../../src/io/tap-device.js'
import { formatMac, parseMac } from '../../src/wire/addr.js'
import { arp, brief, concat, decode, icmp4, partialHeader, tcp4, unhex, virtioHeader } from '../support/frames.js'
import { ip, ownNetworkWithTap } from '../linux/own-network.js'

const skip = ownNetworkWithTap()
const OURS = '02:00:00:00:0a:01'
const KERNEL = '02:00:00:00:0a:02'
const memory = skip ? undefined : mapMemory(2 ** 18)

function send(device: TapDevice, frame: Uint8Array, header = virtioHeader()): boolean {
  const slab = memory!
  slab.bytes.set(header, 0)
  slab.bytes.set(frame, header.length)
  const isTaken = device.transmit(slab, header.length, frame.length)
  device.flush()
  return isTaken
}

/** Frames that come in until one of them is what is looked for; with their headers. */
function until(device: TapDevice, found: (frame: Uint8Array) => boolean): Uint8Array | undefined {
  const poller = new Poller(device.fds)
  const end = performance.now() + 20_000
  const got: Uint8Array[] = []
  const sink = {
    frame: ({ bytes }: { bytes: Uint8Array }, at: number, len: number) => {
      if (found(bytes.slice(at, at + len))) got.push(bytes.slice(at - 10, at + len))
    },
  }
  while (got.length === 0 && performance.now() < end) {
    poller.wait(50)
    device.receive(sink, 256)
    device.release()
  }
  return got[0]
}

/** A TAP whose kernel side is 198.51.100.1, and who is asked for is 198.51.100.2. */
function tapWithKernel(t: Pick<typeof import('tap').t, 'teardown'>): TapDevice {
  const device = new TapDevice('tap0', parseMac(OURS)!)
  t.teardown(() => device.close())
  ip(`link set tap0 address ${KERNEL}`)
  ip('addr add 198.51.100.1/24 dev tap0')
  return device
}

t.test('TAP device', { skip }, async t => {
  await t.test('it is made and set up, and gone when closed', async t => {
    const device = new TapDevice('tap0', parseMac(OURS)!)
    t.strictSame(
      [device.name, formatMac(device.mac), device.mtu, device.fds.length, device.dropped],
      ['tap0', OURS, 1500, 1, 0],
    )
    t.match(ip('-br link show tap0'), /^tap0 .*\bUP\b/)
    device.close()
    t.throws(() => ip('link show tap0'))
  })

  await t.test('frames pass both ways: the kernel asks for our MAC and answers our ping', async t => {
    const device = tapWithKernel(t)
    const eth = { eth: `${OURS} > ${KERNEL}` }
    const ping = { type: 8, rest: 0x00070001, payload: 333 }
    t.ok(send(device, icmp4('198.51.100.2 > 198.51.100.1', { ...ping, ...eth })))
    const question = until(device, frame => brief(frame) === 'arp request 198.51.100.2')
    t.strictSame(
      question,
      concat(
        virtioHeader(),
        arp({ operation: 'request', senderMac: KERNEL, senderAddr: '198.51.100.1', targetAddr: '198.51.100.2' }),
      ),
    )
    send(
      device,
      arp({
        operation: 'reply',
        senderMac: OURS,
        senderAddr: '198.51.100.2',
        targetMac: KERNEL,
        targetAddr: '198.51.100.1',
      }),
    )
    const reply = until(device, frame => brief(frame).includes('icmp 0/0'))
    t.match(decode(reply!.slice(10)), {
      'eth.dst': OURS,
      'eth.src': KERNEL,
      'ip.src': '198.51.100.1',
      'ip.dst': '198.51.100.2',
      'ip.checksumIs': 'right',
      'icmp.checksumIs': 'right',
      'icmp.rest': '00070001',
    })
    t.equal(reply!.length, 10 + 14 + 20 + 8 + 333)
  })

  await t.test('large frames that the kernel is to cut, and partial checksums, are taken', async t => {
    const device = tapWithKernel(t)
    const eth = { eth: `${OURS} > ${KERNEL}` }
    const frame = tcp4('198.51.100.2:1 > 198.51.100.1:9', { ...eth, flags: 'A', payload: 60_000, partial: true })
    t.ok(send(device, frame, partialHeader(frame, { gsoType: 1, gsoSize: 1448, hdrLen: 54 })))
    const small = tcp4('198.51.100.2:1 > 198.51.100.1:9', { ...eth, flags: 'S', partial: true })
    t.ok(send(device, small, partialHeader(small)))
    t.equal(device.dropped, 0)
  })

  await t.test('the kernel hands over checksums and segments unmade, as it was told that it may', async t => {
    const device = tapWithKernel(t)
    ip('neigh replace 198.51.100.2 lladdr 02:00:00:00:0a:01 dev tap0')
    const socket = connect(9, '198.51.100.2')
    t.teardown(() => socket.destroy())
    await new Promise(resolve => setTimeout(resolve, 50))
    const syn = until(device, frame => brief(frame).includes('tcp S '))!
    const { 'tcp.seq': seq, 'tcp.srcPort': port, 'tcp.checksumIs': sum } = decode(syn.slice(10))
    t.strictSame([syn[0], sum], [1, 'partial'], 'NEEDS_CSUM')
    const connected = once(socket, 'connect')
    send(
      device,
      tcp4(`198.51.100.2:9 > 198.51.100.1:${Number(port)}`, {
        eth: `${OURS} > ${KERNEL}`,
        flags: 'SA',
        seq: 7,
        ack: Number(seq) + 1,
        tcpOptions: unhex('020405b4'),
      }),
    )
    await connected
    socket.write(Buffer.alloc(10_000))
    await new Promise(resolve => setTimeout(resolve, 50))
    const large = until(device, frame => frame.length > 1514)
    t.equal(large?.[1], 1, 'GSO, TCP over IPv4')
    t.equal(large![4]! | (large![5]! << 8), 1460, 'the segments’ size')
  })

  await t.test('what the kernel will not take is lost, and counted', async t => {
    const device = tapWithKernel(t)
    const frame = tcp4('198.51.100.2:1 > 198.51.100.1:9', { payload: 100 })
    send(device, frame, virtioHeader({ needsCsum: true, csumStart: 60_000 }))
    t.equal(device.dropped, 1, 'a checksum past the frame')
    send(device, frame.slice(0, 10))
    t.equal(device.dropped, 2, 'less than an Ethernet header')
  })

  await t.test('frames lie one behind the other until the release, a mebibyte of them at the most', async t => {
    const device = tapWithKernel(t)
    ip('neigh replace 198.51.100.2 lladdr 02:00:00:00:0a:01 dev tap0')
    const eth = { eth: `${OURS} > ${KERNEL}` }
    const pings = Array.from({ length: 800 }, (_, i) => (i % 7 === 0 ? 20 : 1400))
    for (const [rest, payload] of pings.entries())
      send(device, icmp4('198.51.100.2 > 198.51.100.1', { type: 8, rest, payload, ...eth }))
    new Poller(device.fds).wait(1000)
    const held: { bytes: Uint8Array; at: number; len: number }[] = []
    const replies: { rest: string; octets: number }[] = []
    const sink = { frame: ({ bytes }: { bytes: Uint8Array }, at: number, len: number) => held.push({ bytes, at, len }) }
    const release = (): void => {
      for (const { bytes, at, len } of held.splice(0)) {
        const { 'icmp.rest': rest, 'icmp.checksumIs': sum } = decode(bytes.slice(at, at + len))
        if (sum === 'right') replies.push({ rest: String(rest), octets: len - 42 })
      }
      device.release()
    }
    t.equal(device.receive(sink, 100), 100, 'the budget')
    const more = device.receive(sink, 1000)
    t.ok(more > 500 && more < 690, `${more} more`)
    t.equal(device.receive(sink, 1000), 0, 'none until the release')
    const ends = held.map(({ at, len }) => at + len)
    t.ok(
      held.every(({ at }, i) => i === 0 || (at - 74 >= ends[i - 1]! && at - 74 < ends[i - 1]! + 64)),
      'headroom and virtio header between',
    )
    release()
    while (device.receive(sink, 100) > 0) release()
    t.strictSame(
      replies,
      pings.map((octets, i) => ({ rest: i.toString(16).padStart(8, '0'), octets })),
      'whole, and in order',
    )
  })

  await t.test('one that exists already is taken, and stays', async t => {
    ip('tuntap add dev tap7 mode tap')
    t.teardown(() => ip('tuntap del dev tap7 mode tap'))
    const device = new TapDevice('tap7', parseMac(OURS)!)
    t.match(ip('-br link show tap7'), /\bUP\b/)
    device.close()
    t.match(ip('-br link show tap7'), /^tap7/)
  })

  await t.test('what cannot be opened is one line that says why', async t => {
    const device = new TapDevice('tap0', parseMac(OURS)!)
    t.teardown(() => device.close())
    t.throws(() => new TapDevice('tap0', parseMac(OURS)!), new SystemError('TAP device tap0', 16))
    t.throws(() => new TapDevice('tap0', parseMac(OURS)!), {
      message: 'TAP device tap0: another process holds it (EBUSY)',
    })
    t.throws(
      () => new TapDevice('lo', parseMac(OURS)!),
      { message: /^TAP device lo \(if it exists, it must be a TAP .*: [a-z ]+ \(E\w+\)$/ },
      'an interface of another kind',
    )
    for (const name of ['', 'sixteen-letters-', 'a/b', 'a b'])
      t.throws(
        () => new TapDevice(name, parseMac(OURS)!),
        new RangeError(`'${name}' is no interface's name`),
        `'${name}'`,
      )
    ip('tuntap add dev tun7 mode tun')
    t.teardown(() => ip('tuntap del dev tun7 mode tun'))
    t.throws(
      () => new TapDevice('tun7', parseMac(OURS)!),
      {
        message: 'TAP device tun7 (if it exists, it must be a TAP made without multi_queue): invalid argument (EINVAL)',
      },
      'TUN is no TAP',
    )
  })
})

t.test('the MAC made of a name is locally administered, no group’s, and always the same', async t => {
  const macs = ['tap0', 'tap1', 'uvs', 'x', 'fifteen-letters'].map(name => formatMac(macOfName(name)))
  t.strictSame(
    macs,
    ['tap0', 'tap1', 'uvs', 'x', 'fifteen-letters'].map(name => formatMac(macOfName(name))),
  )
  t.equal(new Set(macs).size, macs.length)
  for (const mac of macs) t.match(mac, /^02:/)
})
