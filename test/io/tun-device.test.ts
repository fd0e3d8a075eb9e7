import { readFileSync } from 'node:fs'
import t from 'tap'
import { holdProtocol, holdUdpPort } from '../../src/linux/deaf-socket.js'
import { close, mapMemory } from '../../src/linux/libc.js'
import { netnsCookie } from '../../src/linux/netns-cookie.js'
import { TunDevice } from '../../src/io/tun-device.js'
import { concat, packetOf, udp4, virtioHeader } from '../support/frames.js'
import { ip, ownNetworkWithTap } from '../linux/own-network.js'

const host = netnsCookie()
const skip = ownNetworkWithTap()

function received(protocol: string, counter: string): number {
  const [names, values] = readFileSync('/proc/thread-self/net/snmp', 'utf8')
    .split('\n')
    .filter(line => line.startsWith(`${protocol}:`))
    .map(line => line.split(' '))
  return Number(values![names!.indexOf(counter)])
}

t.test('what is written came in there, for the kernel', { skip }, async t => {
  const tun = new TunDevice('tun-a')
  ip('addr add 10.9.9.9/32 dev tun-a')
  ip('link set lo up')
  ip('link set tun-a up')
  const memory = mapMemory(4096)
  const write = (packet: Uint8Array, header = virtioHeader()): boolean => {
    memory.bytes.set(concat(header, packet))
    return tun.write(memory, 10, packet.length)
  }
  const packet = packetOf(udp4('10.9.9.1:1 > 10.9.9.9:9', { payload: 'hello', partial: true }))
  const before = received('Udp', 'NoPorts')
  t.ok(write(packet, virtioHeader({ needsCsum: true, csumStart: 20, csumOffset: 6 })))
  t.equal(received('Udp', 'NoPorts'), before + 1)
  t.notOk(write(packet, virtioHeader({ needsCsum: true, csumStart: 2000, csumOffset: 6 })), 'a sum behind the packet')
  t.notOk(write(new Uint8Array(0)), 'nothing')
  t.throws(() => new TunDevice('tun-a'), { code: 'EBUSY' })
  t.throws(() => new TunDevice('a/b'), { message: "'a/b' is no interface's name" })
  tun.close()
  t.throws(() => ip('link show tun-a'), 'and it goes')
})

t.test('a UDP port is held once, and free again', { skip }, async t => {
  const fd = holdUdpPort(6080)
  t.throws(() => holdUdpPort(6080), { message: 'UDP port 6080: another process holds it (EADDRINUSE)' })
  close(fd)
  close(holdUdpPort(6080))
  const protocols = [holdProtocol(4), holdProtocol(4)]
  for (const each of protocols) t.equal(close(each), 0, 'a protocol may be held by several')
})

t.test(
  'each namespace has a number of its own',
  { skip: skip || (host === undefined ? 'Linux before 5.14' : false) },
  async t => {
    t.match(netnsCookie(), /^\d+$/)
    t.not(netnsCookie(), host)
    t.equal(netnsCookie(), netnsCookie())
  },
)
