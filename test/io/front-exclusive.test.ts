import { readFileSync } from 'node:fs'
import t from 'tap'
import { ProgramFront } from '../../src/ebpf/program-front.js'
import { RawDevice } from '../../src/io/raw-device.js'
import { interfaceInfo } from '../../src/linux/interface.js'
import { AddressKind } from '../../src/packet/front.js'
import { formatMac, parseIpv4 } from '../../src/wire/addr.js'
import { ip, ownNetwork, veth } from '../linux/own-network.js'
import { hex, tcp4 } from '../support/frames.js'
import { heard, send } from './exchange.js'

/* A front on an interface that uvs has for itself: the kernel's stack has none of what comes in. */

const skip = ownNetwork()
const [KERNELS, OURS] = ['10.9.9.9', '10.9.9.2']

/** IP packets that this namespace's kernel has taken in for itself or to forward (IpInReceives, RFC 4293). */
function taken(): number {
  const [names, values] = readFileSync('/proc/thread-self/net/snmp', 'utf8')
    .split('\n')
    .filter(line => line.startsWith('Ip:'))
    .map(line => line.split(' '))
  return Number(values![names!.indexOf('InReceives')])
}

t.test('IPv4 that comes in is kept from the kernel', { skip }, async t => {
  veth('va', 'vb')
  ip(`addr add ${KERNELS}/24 dev vb`)
  const a = new RawDevice('va')
  const front = new ProgramFront()
  t.teardown(() => {
    a.close()
    front.close()
    ip('link del va')
  })
  const eth = { eth: `02:00:00:00:00:0a > ${formatMac(interfaceInfo('vb').mac)}` }
  /** How many of five frames to an address the device on vb hears, whole, and how many the kernel takes in. */
  const five = (to: string, device: RawDevice): [number, number] => {
    const frame = tcp4(`10.9.9.1:1 > ${to}:2`, { ...eth, payload: 100 })
    const before = taken()
    for (let i = 0; i < 5; i++) send(a, frame)
    a.flush()
    const [frames] = heard([device])
    return [frames!.filter(each => each === hex(frame)).length, taken() - before]
  }
  const fronted = (way: 'tcx' | 'clsact'): RawDevice =>
    new RawDevice('vb', { front: { mode: 'exclusive', programFd: front.programFd('exclusive'), way } })

  for (const way of ['tcx', 'clsact'] as const) {
    const b = fronted(way)
    t.strictSame(
      [KERNELS, OURS].map(to => five(to, b)),
      [
        [5, 0],
        [5, 0],
      ],
      'all of it, as long as the kernel holds nothing',
    )
    front.setKinds(parseIpv4(KERNELS)!, AddressKind.KERNEL)
    t.strictSame(
      [KERNELS, OURS].map(to => five(to, b)),
      [
        [0, 5],
        [5, 0],
      ],
      'but what is to the kernel',
    )
    front.setKinds(parseIpv4(KERNELS)!, 0)
    t.equal(b.dropped, 0)
    b.close()
  }
  const without = new RawDevice('vb', { front: { mode: 'exclusive', programFd: undefined } })
  t.strictSame(
    [KERNELS, OURS].map(to => five(to, without)),
    [
      [5, 5],
      [5, 5],
    ],
    'without a program both have all',
  )
  without.close()
})
