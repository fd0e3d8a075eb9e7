import t from 'tap'
import type { KernelState } from '../../src/director/kernel-follower.js'
import type { DirectorOptions } from '../../src/director/options.js'
import { AddressKind, type Front } from '../../src/packet/front.js'
import { formatIpv4, parseCidr, parseIpv4, parseMac, type Ipv4Addr } from '../../src/wire/addr.js'
import { DeadEnd } from '../../src/neigh/routes.js'
import { BenchDirector, CLIENT_MAC, fromClient, fromServer, MAC_C, MAC_R, on, VIP } from '../support/bench-director.js'
import { arp, icmp4, ip4, payloadOf, tcp4, udp4, type Ipv4Options } from '../support/frames.js'
import { inPieces, joined } from '../support/pieces.js'
import { destinationSettings, serviceSettings } from '../support/settings.js'

/* The director where the host's kernel lives too: 10.99.1.1, 10.99.2.1 and the VIP are the kernel's. */

const addr = (text: string): Ipv4Addr => parseIpv4(text)!
const cidr = (text: string) => parseCidr(text)!
const DIP = '10.99.1.1'
const OWN = '10.99.1.2'
const HELD = ['127.0.0.1', DIP, '10.99.2.1', VIP]

const state = (held = HELD, more: Partial<KernelState> = {}): KernelState => ({
  links: [
    { mac: parseMac(MAC_C)!, mtu: 1500 },
    { mac: parseMac(MAC_R)!, mtu: 1500 },
  ],
  addresses: [
    { ...cidr('10.99.1.1/24'), link: 0 },
    { ...cidr('10.99.2.1/24'), link: 1 },
  ],
  held: held.map(addr),
  heldBlocks: [cidr('127.0.0.0/8')],
  routes: [
    { to: cidr('10.99.1.0/24'), way: { link: 0, gateway: undefined }, mtu: undefined },
    { to: cidr('10.99.2.0/24'), way: { link: 1, gateway: undefined }, mtu: undefined },
    { to: cidr('0.0.0.0/0'), way: { link: 0, gateway: addr('10.99.1.254') }, mtu: undefined },
  ],
  ...more,
})

/** Writes down what the front is told. */
class Told implements Front {
  readonly lines: string[] = []
  setKinds(at: Ipv4Addr, kinds: number): void {
    const names = Object.entries(AddressKind).flatMap(([name, kind]) => ((kinds & kind) === 0 ? [] : [name]))
    this.lines.push(`${formatIpv4(at)} ${names.join('+') || 'none'}`)
  }
  addBlock({ addr, prefix }: { addr: Ipv4Addr; prefix: number }, kinds: number): void {
    this.lines.push(`add ${formatIpv4(addr)}/${prefix} ${kinds}`)
  }
  removeBlock({ addr, prefix }: { addr: Ipv4Addr; prefix: number }): void {
    this.lines.push(`remove ${formatIpv4(addr)}/${prefix}`)
  }
  setService(protocol: number, at: Ipv4Addr, port: number, isThere: boolean): void {
    this.lines.push(`${isThere ? '' : 'no '}service ${protocol} ${formatIpv4(at)}:${port}`)
  }
  setServer(protocol: number, at: Ipv4Addr, port: number, isThere: boolean): void {
    this.lines.push(`${isThere ? '' : 'no '}server ${protocol} ${formatIpv4(at)}:${port}`)
  }
  take(): string[] {
    return this.lines.splice(0).sort()
  }
}

function beside(options: Partial<DirectorOptions> = {}): { bench: BenchDirector; front: Told } {
  const front = new Told()
  const bench = new BenchDirector({
    links: [
      { name: 'c', mac: MAC_C, mtu: 1500, isBeside: true },
      { name: 'r', mac: MAC_R, mtu: 1500, isBeside: true },
    ],
    addresses: [],
    routes: [],
    front,
    ...options,
  })
  bench.director.follow(state())
  bench.poll()
  return { bench, front }
}
const service = { protocol: 'tcp', address: VIP, port: 80 } as const
function serve(bench: BenchDirector, method: 'direct' | 'tunnel' | 'masq' | 'fullnat', address = '10.99.2.11'): void {
  bench.must({ op: 'add-service', service, settings: serviceSettings('rr') })
  const destination = { address, port: 80 }
  bench.must({ op: 'add-destination', service, destination, settings: destinationSettings(1, { method }) })
  bench.poll()
}
const asks = (target: string): Uint8Array =>
  arp({
    operation: 'request',
    senderMac: CLIENT_MAC,
    senderAddr: '10.99.1.10',
    targetAddr: target,
    eth: `${CLIENT_MAC} > ff:ff:ff:ff:ff:ff`,
  })

t.test('what is balanced is balanced, and routed by the routes of the kernel', async t => {
  const { bench } = beside()
  serve(bench, 'masq')
  t.strictSame(bench.take(), [], 'rules claim nothing')
  const request = tcp4(`10.99.1.10:40000 > ${VIP}:80`, { ...fromClient, flags: 'S' })
  t.equal(bench.receive('c', request), 'balanced')
  t.match(
    bench.take().map(({ link }) => link),
    ['r'],
  )
  const answer = tcp4('10.99.2.11:80 > 10.99.1.10:40000', { ...fromServer(), flags: 'SA' })
  t.equal(bench.receive('r', answer), 'balanced')
  t.match(
    bench.take().map(({ link }) => link),
    ['c'],
  )
})

t.test("what is nobody's goes back as it came", async t => {
  const { bench } = beside()
  serve(bench, 'masq')
  const cases: [string, string, Uint8Array][] = [
    ['another port of the VIP', 'c', tcp4(`10.99.1.10:40000 > ${VIP}:81`, { ...fromClient, flags: 'S' })],
    ['no SYN', 'c', tcp4(`10.99.1.10:40001 > ${VIP}:80`, { ...fromClient, flags: 'A' })],
    ['UDP', 'c', udp4(`10.99.1.10:40000 > ${VIP}:80`, { ...fromClient, payload: 5 })],
    ['a ping', 'c', icmp4(`10.99.1.10 > ${VIP}`, { ...fromClient, type: 8, code: 0 })],
    ['to the kernel', 'c', tcp4(`10.99.1.10:40000 > ${DIP}:22`, { ...fromClient, flags: 'S' })],
    ["a real server's own", 'r', tcp4('10.99.2.11:80 > 10.99.1.10:40009', { ...fromServer(), flags: 'SA' })],
    ['with TTL 1, to others', 'r', tcp4('10.99.2.11:81 > 10.99.1.10:9', { ...fromServer(), flags: 'A', ttl: 1 })],
  ]
  for (const [what, link, frame] of cases) {
    t.equal(bench.receive(link, frame), 'left-to-kernel', what)
    const sent = bench.take()
    t.strictSame(
      sent.map(({ link, frame }) => on(link, frame)),
      [on(`kernel ${link}`, frame)],
      what,
    )
  }
  bench.must({ op: 'delete-service', service })
  const request = tcp4(`10.99.1.10:40000 > ${VIP}:80`, { ...fromClient, flags: 'S' })
  t.equal(bench.receive('c', request), 'left-to-kernel', 'of a service that has been deleted')
  bench.accepts = false
  t.equal(bench.receive('c', request), 'drop-device-queue', 'no room on the way back')
})

const datagram = (octets: number): Uint8Array =>
  udp4(`10.99.1.10:40000 > ${VIP}:80`, { ...fromClient, payload: octets, id: 7, df: false })

t.test('a datagram that was put together goes back in the fragments that it came in, if they fit the MTU', async t => {
  const { bench } = beside()
  serve(bench, 'masq')
  const backInPieces = (what: string, pieces: Uint8Array[]): Uint8Array[] => {
    const verdicts = pieces.map(piece => bench.receive('c', piece))
    t.strictSame(verdicts, [...pieces.slice(1).map(() => 'held'), 'left-to-kernel'], what)
    const sent = bench.take()
    t.ok(
      sent.every(({ link }) => link === 'kernel c'),
      what,
    )
    return sent.map(({ frame }) => frame)
  }
  t.same(backInPieces('it fits', inPieces(datagram(1400), 0, 800)), inPieces(datagram(1400), 0, 800))

  const large = datagram(4000)
  const asItCame = inPieces(large, 0, 1480, 2000)
  bench.director.follow(state(HELD, { links: state().links.map(link => ({ ...link, mtu: 9000 })) }))
  t.same(backInPieces('a larger MTU', asItCame), asItCame)
  bench.director.follow(state())
  bench.poll()
  t.strictSame(joined(backInPieces('the last is too large', asItCame)), {
    cuts: ['0–1480', '1480–2960', '2960–4008'],
    frame: large,
  })
  t.same(backInPieces('as they came', inPieces(large, 0, 1400, 2800)), inPieces(large, 0, 1400, 2800))
  bench.accepts = false
  for (const piece of inPieces(large, 0, 1480)) bench.receive('c', piece)
  t.match(bench.changes(), { 'drop-device-queue': 1 })
})

t.test('who answers ARP: the kernel for what it holds, uvs for what it was given, nobody for a service', async t => {
  const { bench } = beside({ vips: ['10.99.1.101', VIP], addresses: [`${OWN}/24@c`] })
  bench.must({ op: 'add-service', service: { ...service, address: '10.99.1.102' }, settings: serviceSettings('rr') })
  bench.poll()
  bench.take()
  for (const [target, verdict] of [
    [DIP, 'drop-arp-not-for-us'],
    [VIP, 'drop-arp-not-for-us'],
    [OWN, 'answered'],
    ['10.99.1.101', 'answered'],
    ['10.99.1.102', 'drop-arp-not-for-us'],
  ] as const)
    t.equal(bench.receive('c', asks(target)), verdict, target)
  bench.take()
  bench.must({ op: 'add-vip', cidr: '10.99.1.102' })
  bench.poll()
  t.equal(bench.take().length, 1, 'announced once it is claimed')
  t.equal(bench.receive('c', asks('10.99.1.102')), 'answered')
  bench.director.follow(state(HELD.filter(each => each !== VIP)))
  bench.poll()
  t.equal(bench.receive('c', asks(VIP)), 'answered', 'a --vip that the kernel has let go')
  t.equal(bench.receive('c', icmp4(`10.99.1.10 > ${VIP}`, { ...fromClient, type: 8, code: 0 })), 'answered')
})

const line = (vip: string): string =>
  `nobody answers for ${vip}: the kernel does not hold it, nor is it a --vip: ip addr add ${vip}/32 dev lo, or uvs vip add ${vip}`

t.test('a VIP that nobody answers for is told of, once', async t => {
  const told: string[] = []
  const notice = (line: string): number => told.push(line)
  const { bench } = beside({ notice, vips: ['10.99.1.101'] })
  for (const address of [VIP, '10.99.1.101', '10.99.1.102', '224.0.0.1'])
    for (const port of [80, 443])
      bench.must({ op: 'add-service', service: { ...service, address, port }, settings: serviceSettings('rr') })
  t.strictSame(told, [line('10.99.1.102')])
  const standby = beside({ notice, isStandby: true }).bench
  standby.must({ op: 'add-service', service: { ...service, address: '10.99.1.103' }, settings: serviceSettings('rr') })
  const alone = new BenchDirector({ notice })
  alone.serve('tcp', '10.99.1.104:80', '10.99.2.11:80')
  t.equal(told.length, 1)
})

t.test('a standby claims nothing by its rules where it is alone, until a VIP is added', async t => {
  const bench = new BenchDirector({ isStandby: true })
  bench.serve('tcp', `${VIP}:80`, '10.99.2.11:80')
  t.strictSame(bench.take(), [])
  t.equal(bench.receive('c', asks(VIP)), 'drop-arp-not-for-us')
  const request = tcp4(`10.99.1.10:40000 > ${VIP}:80`, { ...fromClient, flags: 'S' })
  t.equal(bench.receive('c', request), 'balanced', 'who sends to it all the same is served')
  bench.take()
  bench.must({ op: 'add-vip', cidr: VIP })
  bench.poll()
  t.equal(bench.take().length, 1)
  t.equal(bench.receive('c', asks(VIP)), 'answered')
  bench.must({ op: 'delete-vip', cidr: VIP })
  bench.poll()
  t.equal(bench.receive('c', asks(VIP)), 'drop-arp-not-for-us')
})

t.test('a local node that cannot be is refused by name, and so is a local address that is the host', async t => {
  const { bench } = beside({ vips: ['10.99.1.101'] })
  t.throws(() => serve(bench, 'direct', '10.99.1.101'), { message: /10\.99\.1\.101 is uvs itself/ })
  t.throws(() => bench.must({ op: 'add-local-address', service, address: DIP }), {
    message: /10\.99\.1\.1 is the kernel's/,
  })
  bench.must({ op: 'add-local-address', service, address: '10.99.1.120' })
  const destination = { address: '10.99.2.11', port: 80 }
  bench.must({ op: 'add-destination', service, destination, settings: destinationSettings(1) })
  bench.director.follow(state([...HELD, '10.99.2.11']))
  const settings = destinationSettings(2, { method: 'masq' })
  t.throws(() => bench.must({ op: 'edit-destination', service, destination, settings }), { message: /is this host/ })
  const both = beside({
    links: [
      { name: 'c', mac: MAC_C, mtu: 1500, isBeside: true, claims: true },
      { name: 'r', mac: MAC_R, mtu: 1500, isBeside: true },
    ],
    addresses: [`${OWN}/24@c`],
  }).bench
  both.director.follow(state([DIP]))
  t.throws(() => serve(both, 'direct', '127.0.0.1'), { message: /this host, which does not hold 10\.99\.1\.100/ })
  both.poll()
  t.equal(both.receive('c', asks(VIP)), 'answered', 'a host of its own claims its services')
  for (const [address, why] of [
    ['127.0.0.1', /127\.0\.0\.1 is this host, whose kernel gets no packet/],
    [DIP, /10\.99\.1\.1 is uvs itself/],
    [VIP, /10\.99\.1\.100 is uvs itself/],
  ] as const) {
    const alone = new BenchDirector()
    alone.director.follow(state(['127.0.0.1']))
    t.throws(() => alone.serve('tcp', `${VIP}:80`, `${address}:80`), { message: why }, `${address} where uvs is alone`)
  }
})

t.test("a local node is the kernel's socket at the VIP", async t => {
  for (const address of ['127.0.0.1', DIP, VIP]) {
    const { bench } = beside()
    serve(bench, 'direct', address)
    const request = tcp4(`10.99.1.10:40000 > ${VIP}:80`, { ...fromClient, flags: 'S' })
    t.equal(bench.receive('c', request), 'left-to-kernel', address)
    t.strictSame(
      bench.take().map(({ link, frame }) => on(link, frame)),
      [on('kernel c', request)],
      address,
    )
    const [{ destinations = [] } = {}] = bench.services() as { destinations: { connections?: unknown }[] }[]
    t.equal(destinations.length, 1)
  }
  const { bench } = beside()
  t.throws(() => serve(bench, 'masq', DIP), {
    message: /10\.99\.1\.1 is this host: its own sockets are reached .* by -g/,
  })
  bench.must({ op: 'delete-service', service })
  bench.director.follow(state(HELD.filter(each => each !== DIP)))
  serve(bench, 'masq', DIP)
  bench.director.follow(state())
  const request = tcp4(`10.99.1.10:40000 > ${VIP}:80`, { ...fromClient, flags: 'S' })
  t.equal(bench.receive('c', request), 'drop-local-node', 'whose answers would leave untranslated')
  t.strictSame(bench.take(), [])
})

t.test('the front hears what each address is', async t => {
  const { bench, front } = beside({ vips: ['10.99.1.101'] })
  t.strictSame(
    front.take(),
    [`${DIP} KERNEL`, '10.99.1.101 OWN', `${VIP} KERNEL`, '10.99.2.1 KERNEL', '127.0.0.1 KERNEL'].sort(),
  )
  serve(bench, 'masq')
  t.strictSame(
    front.take(),
    [`${VIP} SERVICE+KERNEL`, '10.99.2.11 SERVER', 'server 6 10.99.2.11:80', `service 6 ${VIP}:80`].sort(),
  )
  const destination = { address: '10.99.2.11', port: 80 }
  bench.must({ op: 'edit-destination', service, destination, settings: destinationSettings(1, { method: 'tunnel' }) })
  t.strictSame(front.take(), ['10.99.2.11 SERVER+TUNNEL'], 'open connections keep their method')
  bench.must({ op: 'delete-destination', service, destination })
  t.strictSame(front.take(), [], 'connections may still be open')
  bench.run(300_000)
  t.strictSame(front.take(), ['10.99.2.11 TUNNEL', '10.99.2.11 none', 'no server 6 10.99.2.11:80'].sort())
  bench.must({ op: 'delete-service', service })
  t.strictSame(front.take(), [`${VIP} KERNEL`, `no service 6 ${VIP}:80`].sort())
  bench.must({ op: 'add-vip', cidr: '10.98.0.0/16' })
  bench.must({ op: 'add-mark', rule: { protocol: 'tcp', to: '10.98.0.0/16', ports: [], mark: 7 } })
  bench.must({ op: 'clear-marks' })
  bench.must({ op: 'delete-vip', cidr: '10.98.0.0/16' })
  t.strictSame(front.lines.splice(0), [
    'add 10.98.0.0/16 1',
    'remove 10.98.0.0/16',
    'add 10.98.0.0/16 5',
    'remove 10.98.0.0/16',
    'add 10.98.0.0/16 1',
    'remove 10.98.0.0/16',
  ])
  bench.must({ op: 'add-service', service: { ...service, port: 21 }, settings: serviceSettings('rr') })
  t.strictSame(
    front.take(),
    [`${VIP} SERVICE+KERNEL`, `${VIP} SERVICE+MARKED+KERNEL`, `service 6 ${VIP}:21`].sort(),
    "FTP's data comes on other ports",
  )
})

t.test('the front keeps a real server as long as any service has it', async t => {
  const { bench, front } = beside()
  serve(bench, 'masq')
  const other = { ...service, port: 8080 }
  bench.must({ op: 'add-service', service: other, settings: serviceSettings('rr') })
  bench.must({
    op: 'add-destination',
    service: other,
    destination: { address: '10.99.2.11', port: 80 },
    settings: destinationSettings(1),
  })
  front.take()
  bench.must({ op: 'delete-service', service: other })
  bench.run(300_000)
  t.strictSame(front.take(), [`no service 6 ${VIP}:8080`])
  bench.must({ op: 'reset' })
  t.ok(front.take().includes('no server 6 10.99.2.11:80'))
})

const request = (port: number): Uint8Array => tcp4(`10.99.1.10:${port} > ${VIP}:80`, { ...fromClient, flags: 'S' })

t.test("the kernel's routes: a black hole swallows, others are told of", async t => {
  const { bench } = beside()
  serve(bench, 'direct', '10.97.0.1')
  for (const [way, code] of [
    [DeadEnd.BLACKHOLE, undefined],
    [DeadEnd.UNREACHABLE, 1],
    [DeadEnd.PROHIBIT, 13],
    [DeadEnd.ELSEWHERE, undefined],
  ] as const) {
    bench.director.follow(
      state(HELD, { routes: [...state().routes, { to: cidr('10.97.0.0/16'), way, mtu: undefined }] }),
    )
    t.equal(bench.receive('c', request(40_000 + way)), 'drop-no-route', String(way))
    const sent = bench.take()
    t.strictSame(
      sent.map(({ frame }) => [frame[34], frame[35]]),
      code === undefined ? [] : [[3, code]],
      String(way),
    )
  }
})

t.test('an interface with another MAC has its addresses announced again, once', async t => {
  const { bench } = beside({ vips: ['10.99.1.101'], addresses: [`${OWN}/24@c`] })
  serve(bench, 'masq')
  bench.take()
  const moved = state(HELD, { links: [{ mac: parseMac('02:00:00:00:01:77')!, mtu: 1500 }, state().links[1]!] })
  bench.director.follow(moved)
  bench.poll()
  const announced = bench
    .take()
    .map(({ link: port, frame }) => `${port} ${[...frame.subarray(28, 32)].join('.')} ${frame[27]}`)
  t.strictSame(announced.sort(), [
    'c 10.99.1.1 119',
    'c 10.99.1.100 119',
    'c 10.99.1.101 119',
    'c 10.99.1.2 119',
    'r 10.99.2.1 1',
  ])
  bench.director.follow(moved)
  bench.poll()
  t.strictSame(bench.take(), [])
})

t.test('an MTU that is lowered while it runs counts from the next packet on', async t => {
  const { bench } = beside()
  serve(bench, 'masq')
  const flags = { ...fromClient, flags: 'A' }
  bench.receive('c', tcp4(`10.99.1.10:40000 > ${VIP}:80`, { ...fromClient, flags: 'S' }))
  bench.receive('r', tcp4('10.99.2.11:80 > 10.99.1.10:40000', { ...fromServer(), flags: 'SA' }))
  bench.receive('c', tcp4(`10.99.1.10:40000 > ${VIP}:80`, flags))
  bench.take()
  const large = tcp4(`10.99.1.10:40000 > ${VIP}:80`, { ...flags, payload: 1450, df: true })
  t.equal(bench.receive('c', large), 'balanced')
  bench.take()
  bench.director.follow(state(HELD, { links: [state().links[0]!, { mac: parseMac(MAC_R)!, mtu: 1400 }] }))
  t.equal(bench.receive('c', large), 'drop-too-big')
  const [told] = bench.take()
  t.strictSame([told!.frame[34], told!.frame[35], (told!.frame[40]! << 8) | told!.frame[41]!], [3, 4, 1400])
})

t.test(
  'connections of a service that has been deleted are its own until they end; all else is the kernel’s',
  async t => {
    const { bench, front } = beside()
    serve(bench, 'masq')
    bench.must({ op: 'add-service', service: { ...service, port: 443 }, settings: serviceSettings('rr') })
    bench.receive('c', request(40_000))
    front.take()
    bench.must({ op: 'delete-service', service })
    t.strictSame(front.take(), [], 'as long as a connection is open')
    bench.take()
    const data = tcp4(`10.99.1.10:40000 > ${VIP}:80`, { ...fromClient, flags: 'A' })
    t.equal(bench.receive('c', data), 'drop-destination-gone', 'no reset from the kernel, which knows nothing of it')
    t.equal(bench.receive('c', request(40_001)), 'left-to-kernel')
    serve(bench, 'masq')
    bench.take()
    t.strictSame(front.take(), [])
    t.equal(bench.receive('c', data), 'balanced', 'the service is back')
    bench.must({ op: 'delete-service', service })
    bench.run(1_100_000)
    t.strictSame(front.take(), ['10.99.2.11 none', 'no server 6 10.99.2.11:80', `no service 6 ${VIP}:80`].sort())
    bench.must({ op: 'delete-service', service: { ...service, port: 443 } })
    t.strictSame(front.take(), [`${VIP} KERNEL`, `no service 6 ${VIP}:443`].sort())
  },
)

function answer(flags: string, port = 80): Uint8Array {
  return tcp4(`10.99.2.11:${port} > 10.99.1.10:40000`, { ...fromServer(), flags })
}

t.test('nat_icmp_send has a real server told, as anywhere', async t => {
  const { bench } = beside()
  serve(bench, 'masq')
  bench.must({ op: 'set-sysctl', name: 'nat_icmp_send', value: '1' })
  t.equal(bench.receive('r', answer('SA')), 'drop-no-connection')
  t.match(
    bench.take().map(({ link, frame }) => [link, frame[34], frame[35]]),
    [['r', 3, 3]],
  )
  t.equal(bench.receive('r', answer('R')), 'left-to-kernel', 'but of no reset')
  t.equal(bench.receive('r', answer('SA', 81)), 'left-to-kernel', 'nor another port of it')
})

function cut(to: number): Uint8Array {
  const ports = Uint8Array.of(0, 80, to >>> 8, to & 255, 0, 0, 0, 0)
  return ip4('10.99.2.11 > 10.99.1.10', 6, ports, fromServer())
}

t.test('an answer that is not whole does not pass by its connection', async t => {
  const { bench } = beside()
  serve(bench, 'masq')
  bench.receive('c', request(40_000))
  bench.take()
  t.equal(bench.receive('r', cut(40_000)), 'drop-tcp-malformed')
  t.equal(bench.receive('r', cut(40_001)), 'left-to-kernel')
})

t.test('addresses of a block that is routed to the host are its own', async t => {
  const { bench } = beside()
  bench.must({ op: 'add-mark', rule: { protocol: 'tcp', to: '10.98.0.0/16', ports: [], mark: 7 } })
  bench.must({ op: 'add-service', service: { mark: 7 }, settings: serviceSettings('rr') })
  const destination = { address: '10.99.2.11', port: 80 }
  bench.must({ op: 'add-destination', service: { mark: 7 }, destination, settings: destinationSettings(1) })
  const toBlock = tcp4('10.99.1.10:40000 > 10.98.1.2:80', { ...fromClient, flags: 'S' })
  t.equal(bench.receive('c', toBlock), 'left-to-kernel', 'not yet')
  bench.director.follow(state(HELD, { heldBlocks: [cidr('127.0.0.0/8'), cidr('10.98.0.0/16')] }))
  t.equal(bench.receive('c', toBlock), 'balanced')
  t.equal(bench.receive('c', asks('10.98.1.2')), 'drop-arp-not-for-us')
  const fromBlock = tcp4('10.98.1.3:40000 > 10.98.1.2:80', { ...fromClient, flags: 'S' })
  t.equal(bench.receive('c', fromBlock), 'drop-source-is-ours')
  bench.director.follow(state())
  bench.take()
  t.equal(bench.receive('c', toBlock), 'left-to-kernel', 'no longer')
})

t.test('what came in pieces, or longer than the interface takes, goes back in pieces', async t => {
  const { bench } = beside()
  serve(bench, 'masq')
  bench.take()
  const answers = udp4('10.99.2.11:80 > 10.99.1.10:40000', { ...fromServer(), payload: 2500, df: false })
  const piece = (at: number, len: number, options: Ipv4Options = {}): Uint8Array =>
    ip4('10.99.2.11 > 10.99.1.10', 17, payloadOf(answers).slice(at, at + len), {
      ...fromServer(),
      fragment: at / 8,
      mf: at + len < 2508,
      df: false,
      ...options,
    })
  for (const options of [{}, { df: true }]) {
    const pieces = [piece(0, 1480, options), piece(1480, 1028, options)]
    t.equal(bench.receive('r', pieces[0]!), 'held')
    t.equal(bench.receive('r', pieces[1]!), 'left-to-kernel')
    t.strictSame(
      bench.take().map(({ link, frame }) => on(link, frame)),
      pieces.map(frame => on('kernel r', frame)),
      'as they came',
    )
  }
  const dying = piece(0, 1480, { ttl: 1 })
  t.equal(bench.receive('r', dying), 'left-to-kernel', 'one that the kernel refuses, at once')
  t.strictSame(
    bench.take().map(({ link, frame }) => on(link, frame)),
    [on('kernel r', dying)],
  )
  t.equal(bench.receive('c', udp4(`10.99.1.10:9 > ${VIP}:9`, { ...fromClient, payload: 1500 })), 'left-to-kernel')
  t.strictSame(
    bench.take().map(({ link, frame }) => [link, frame.length]),
    [
      ['kernel c', 1514],
      ['kernel c', 62],
    ],
  )
})

t.test('an answer in pieces is held to the MTU piece by piece', async t => {
  const { bench } = beside()
  bench.must({ op: 'add-service', service: { ...service, protocol: 'udp' }, settings: serviceSettings('rr') })
  const destination = { address: '10.99.2.11', port: 80 }
  const key = { ...service, protocol: 'udp' } as const
  bench.must({ op: 'add-destination', service: key, destination, settings: destinationSettings(1) })
  bench.receive('c', udp4(`10.99.1.10:40000 > ${VIP}:80`, { ...fromClient, payload: 5 }))
  bench.take()
  const dying = udp4('10.99.2.11:80 > 10.99.1.10:40000', { ...fromServer(), ttl: 1, mf: true, payload: 8 })
  t.equal(bench.receive('r', dying), 'drop-ttl', 'the first piece, of a connection: its error counts')
  t.match(
    bench.take().map(({ link, frame }) => [link, frame[34], frame[35]]),
    [['r', 11, 0]],
  )
  const whole = payloadOf(udp4('10.99.2.11:80 > 10.99.1.10:40000', { payload: 2500 }))
  const piece = (at: number, len: number): Uint8Array =>
    ip4('10.99.2.11 > 10.99.1.10', 17, whole.slice(at, at + len), {
      ...fromServer(),
      fragment: at / 8,
      mf: at + len < whole.length,
      df: at > 0,
    })
  t.equal(bench.receive('r', piece(0, 1480)), 'held')
  t.equal(bench.receive('r', piece(1480, 1028)), 'balanced')
  t.strictSame(
    bench.take().map(({ link, frame }) => [link, frame.length, frame[22]]),
    [
      ['c', 1514, 63],
      ['c', 1062, 63],
    ],
  )
})
