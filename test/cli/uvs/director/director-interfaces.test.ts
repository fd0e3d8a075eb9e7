import t from 'tap'
import { aloneIn, DirectorInterfaces, type Given } from '../../../../src/cli/uvs/director/director-interfaces.js'
import { refusedInstance, sameMacs, whyVirtual } from '../../../../src/cli/uvs/director/virtual-addresses.js'
import { virtualAddresses } from '../../../../src/keepalived/vrrp/virtual-addresses.js'
import { KeepalivedControl, type Seen } from '../../../../src/cli/uvs/director/keepalived-control.js'
import { changeVip } from '../../../../src/cli/uvs/vip.js'
import type { Control, Reply, Request } from '../../../../src/control/protocol/api.js'
import { slabOver } from '../../../../src/packet/frame.js'
import { advertMemory, AdvertReader, AdvertWriter } from '../../../../src/plane/advert-queue.js'
import { formatIpv4, parseCidr, parseIpv4 } from '../../../../src/wire/addr.js'
import { configOf } from '../../../keepalived/vrrp/recording.js'

const addr = (text: string) => parseIpv4(text)!
const given: Given = {
  devices: [
    { kind: 'raw', name: 'eth0', isBeside: true },
    { kind: 'raw', name: 'eth1', isBeside: false },
    { kind: 'tap', name: 'tap0', mac: undefined },
  ],
  director: {
    addresses: ['10.1.0.1/24@eth1', '10.2.0.1/24@tap0', '10.1.0.2/24@eth1'],
    vips: ['192.0.2.1', '198.51.100.0/24'],
    seed: 1,
  },
}

/** Interfaces over two workers that write what they are asked down; `refuses`: they refuse it. */
function rig() {
  const did: string[] = []
  const memories = [advertMemory(), advertMemory()]
  const made = { did, refuses: false, writers: memories.map(memory => new AdvertWriter(memory)) }
  const call = async (request: Request): Promise<Reply> => {
    await Promise.resolve()
    did.push(`${request.op} ${(request as Request<'add-vip'>).cidr}`)
    return made.refuses ? { ok: false, refusal: 'EINVAL', message: 'no' } : { ok: true, value: null }
  }
  const plane = {
    call: call as Control['call'],
    adverts: memories.map(memory => new AdvertReader(memory)),
    order: (order: object) => void did.push(JSON.stringify(order)),
  }
  const own = new DirectorInterfaces(plane, given, line => void did.push(`tell ${line}`))
  const take = async (): Promise<string[]> => {
    await new Promise(resolve => setImmediate(resolve))
    return did.splice(0)
  }
  return Object.assign(made, { own, take })
}

t.test('which interfaces are held alone, and their addresses', async t => {
  const { own } = rig()
  t.strictSame(aloneIn(given), ['eth1', 'tap0'])
  t.strictSame(
    ['eth0', 'eth1', 'tap0', 'lo'].map(name => own.has(name)),
    [false, true, true, false],
  )
  t.strictSame(own.addresses('eth1').map(formatIpv4), ['10.1.0.1', '10.1.0.2'])
  t.strictSame(own.addresses('eth0'), [])
  t.notOk(own.mayBeElsewhere('eth1'))
  t.ok(own.mayBeElsewhere('tap0'))
})

t.test('who has an address that is announced answers for it before', async t => {
  const { own, take } = rig()
  own.send('tap0', Uint8Array.of(7))
  own.hold('eth1', addr('10.1.0.100'))
  own.announce('eth1', addr('10.1.0.100'))
  t.strictSame(own.answered, ['10.1.0.1', '10.1.0.2', '10.2.0.1', '10.1.0.100'])
  t.strictSame(await take(), [
    '{"kind":"advert","link":2,"packet":{"0":7}}',
    'add-vip 10.1.0.100',
    `{"kind":"announce","link":1,"addr":${addr('10.1.0.100')}}`,
  ])
  own.letGo('eth1', addr('10.1.0.100'))
  t.strictSame(await take(), ['delete-vip 10.1.0.100'])
  t.strictSame(own.answered, ['10.1.0.1', '10.1.0.2', '10.2.0.1'])
})

t.test('an address is asked for once, and let go when nobody has it any more', async t => {
  const { own, take } = rig()
  const vip = addr('10.1.0.100')
  own.letGo('eth1', vip)
  t.strictSame(await take(), [], 'it was not held')
  own.hold('eth1', vip)
  own.hold('eth1', vip)
  own.hold('tap0', vip)
  own.letGo('eth1', vip)
  t.strictSame(await take(), ['add-vip 10.1.0.100'])
  own.letGo('tap0', vip)
  t.strictSame(await take(), ['delete-vip 10.1.0.100'])
})

t.test('what the director refuses is told', async t => {
  const made = rig()
  made.refuses = true
  made.own.hold('eth1', addr('10.1.0.100'))
  t.strictSame(await made.take(), ['add-vip 10.1.0.100', 'tell 10.1.0.100 is not answered for: no'])
  made.own.letGo('eth1', addr('10.1.0.100'))
  t.strictSame(await made.take(), ['delete-vip 10.1.0.100', 'tell 10.1.0.100 is not let go: no'])
})

t.test('adverts of every worker are heard by the names of their interfaces, at most so many', async t => {
  const { own, writers } = rig()
  const slab = slabOver(new ArrayBuffer(16))
  const heard: string[] = []
  const hear = (most: number): number =>
    own.hear((name, view, at, len) => void heard.push(`${name} ${view.getUint8(at)}/${len}`), most)
  t.strictSame(
    writers.map(({ isOpen }) => isOpen),
    [false, false],
  )
  own.open([51])
  t.strictSame(
    writers.map(({ isOpen }) => isOpen),
    [true, true],
  )
  for (const [worker, link, octet] of [
    [1, 2, 3],
    [0, 1, 1],
    [0, 1, 2],
  ] as const) {
    slab.bytes[4] = octet
    writers[worker]!.take(link, slab, 4, 5)
  }
  t.equal(hear(2), 2)
  t.equal(hear(2), 1)
  t.strictSame(heard, ['eth1 1/5', 'eth1 2/5', 'tap0 3/5'])
  own.close()
  t.strictSame(
    writers.map(({ isOpen }) => isOpen),
    [false, false],
  )
})

const instance = (device: string, vips: string, more = ''): string => `vrrp_instance VI_1 {
  interface ${device}
  virtual_router_id 51
  priority 100
  virtual_ipaddress {
    ${vips}
  }
  ${more}
}
`

t.test('the addresses that come and go', async t => {
  const config = configOf(
    instance('eth1', '10.1.0.100\n10.1.0.101 dev eth0', 'virtual_ipaddress_excluded {\n2001:db8::1\n10.1.0.102\n}'),
  )
  t.strictSame(virtualAddresses(config).map(formatIpv4), ['10.1.0.100', '10.1.0.101', '10.1.0.102'])
})

t.test('a TAP device of two hosts has one MAC, unless it is given one', async t => {
  t.strictSame(sameMacs(configOf(instance('tap0', '10.1.0.100')), given), [
    "tap0 has the MAC that every uvs makes of this name: give each host's its own by --mac MAC@tap0",
  ])
  t.strictSame(sameMacs(configOf(instance('eth1', '10.1.0.100')), given), [])
  const devices = [{ kind: 'tap', name: 'tap0', mac: { hi: 0x0200, lo: 1 } }] as const
  t.strictSame(sameMacs(configOf(instance('tap0', '10.1.0.100')), { ...given, devices: [...devices] }), [])
})

/** Why it is refused, or ''. */
function refused(text: string): string {
  const found = refusedInstance(configOf(text), given)
  return found ? `${found.instance}: ${found.why}` : ''
}

t.test('what virtual routers cannot do there is refused in a line', async t => {
  t.equal(refused(instance('eth1', '10.1.0.100')), '')
  t.equal(refused(instance('eth0', '2001:db8::1')), '', 'beside the kernel')
  t.equal(refused(instance('eth1', '2001:db8::1')), "VI_1: no IPv6 on eth1, which is uvs's alone")
  t.equal(
    refused(instance('eth0', '10.0.0.100', 'virtual_ipaddress_excluded {\n2001:db8::1 dev tap0\n}')),
    "VI_1: 2001:db8::1: no IPv6 on tap0, which is uvs's alone",
  )
  t.equal(
    refused(instance('eth1', '10.1.0.1')),
    'VI_1: 10.1.0.1 is answered for whoever is master: leave --address 10.1.0.1/24@eth1 out',
  )
  t.match(refused(instance('eth1', '192.0.2.1')), /leave --vip 192\.0\.2\.1 out/)
  t.match(refused(instance('eth0', '198.51.100.77')), /leave --vip 198\.51\.100\.0\/24 out/)
})

t.test('uvs vip: an address of a virtual router is its own', async t => {
  const { own, did } = rig()
  const config = configOf(instance('eth1', '10.1.0.100\n10.1.0.101'))
  const director = {
    call: async ({ op, cidr }: Request<'add-vip'>) => (did.push(`${op} ${cidr}`), { ok: true, value: null }),
  }
  const control = new KeepalivedControl(director as unknown as Control, true)
  control.show({
    whyNotClaimed: block => whyVirtual(config, block),
    whyNotLetGo: block => (own.holds(block) ? whyVirtual(config, block) : undefined),
  } as Seen)
  const vip = async (verb: string, cidr: string): Promise<string> =>
    changeVip(control, { words: [verb, cidr] } as unknown as Parameters<typeof changeVip>[1]).then(
      () => did.splice(0).join(),
      (error: Error) => error.message,
    )
  const whose = "10.1.0.100 is vrrp_instance VI_1's: it comes with being master, and goes"
  t.equal(await vip('add', '10.1.0.100'), whose)
  t.equal(await vip('add', '10.1.0.0/24'), whose, 'a block around it')
  t.equal(await vip('del', '10.1.0.100'), 'delete-vip 10.1.0.100', 'of a backup: the director knows better')
  own.hold('eth1', addr('10.1.0.100'))
  await own.settled()
  did.splice(0)
  t.equal(await vip('del', '10.1.0.100'), whose)
  t.equal(await vip('del', '10.1.0.100/32'), whose)
  t.equal(await vip('del', '10.1.0.0/24'), 'delete-vip 10.1.0.0/24', 'a block is another one')
  t.equal(await vip('del', '10.1.0.101'), 'delete-vip 10.1.0.101')
  t.equal(await vip('add', '10.1.0.7'), 'add-vip 10.1.0.7')
  t.notOk(own.holds(parseCidr('10.1.0.101')!))
})
