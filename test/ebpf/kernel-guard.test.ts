import { readFileSync } from 'node:fs'
import { release } from 'node:os'
import t from 'tap'
import { interfaceInfo } from '../../src/linux/interface.js'
import { mapMemory } from '../../src/linux/libc.js'
import { Poller } from '../../src/linux/poller.js'
import { RawDevice } from '../../src/io/raw-device.js'
import { formatMac } from '../../src/wire/addr.js'
import { concat, tcp4, virtioHeader } from '../support/frames.js'
import { ip, ownNetwork, veth } from '../linux/own-network.js'

/** tcx links are of Linux 6.6. */
const [major, minor] = release().split('.').map(Number)
const isOld = major! * 100 + minor! < 606 ? `Linux ${release()} has no tcx links` : false
const skip = ownNetwork() || isOld

/** IP packets that this namespace's kernel has taken in for itself or to forward (IpInReceives, RFC 4293). */
function taken(): number {
  const [names, values] = readFileSync('/proc/thread-self/net/snmp', 'utf8')
    .split('\n')
    .filter(line => line.startsWith('Ip:'))
    .map(line => line.split(' '))
  return Number(values![names!.indexOf('InReceives')])
}

/** The frames that a device has heard, in hexadecimal. */
function heard(device: RawDevice, count: number): string[] {
  const frames: string[] = []
  const poller = new Poller(device.fds)
  for (let tries = 0; frames.length < count && tries < 40; tries++) {
    poller.wait(25)
    device.receive(
      { frame: (slab, at, len) => frames.push(Buffer.from(slab.bytes.slice(at, at + len)).toString('hex')) },
      256,
    )
    device.release()
  }
  return frames
}

t.test('IPv4 that comes in is kept from the kernel', { skip }, async t => {
  veth('va', 'vb')
  const a = new RawDevice('va')
  t.teardown(() => {
    a.close()
    ip('link del va')
  })
  const memory = mapMemory(4096)
  const mac = formatMac(interfaceInfo('vb').mac)
  const frame = tcp4('10.9.9.1:1 > 10.9.9.2:2', { eth: `02:00:00:00:00:0a > ${mac}`, payload: 100 })
  const send = (count: number): void => {
    memory.bytes.set(concat(virtioHeader(), frame))
    for (let i = 0; i < count; i++) a.transmit(memory, 10, frame.length)
    a.flush()
  }
  const expected = Array.from({ length: 5 }, () => Buffer.from(frame).toString('hex'))
  /** What one device on vb hears of five frames, and how many of them the kernel takes in. */
  const five = (): [string[], number, number] => {
    const b = new RawDevice('vb')
    const before = taken()
    send(5)
    const frames = heard(b, 5)
    const { dropped } = b
    b.close()
    return [frames, dropped, taken() - before]
  }

  t.strictSame(five(), [expected, 0, 0], 'the device has all of it, the kernel nothing')

  const before = taken()
  send(5)
  t.equal(taken() - before, 5, 'until the device is closed')

  ip('addr add 10.9.9.9/24 dev vb')
  t.strictSame(five(), [expected, 0, 5], 'not where the kernel has an address on the interface')
})
