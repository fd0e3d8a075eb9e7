import t from 'tap'
import type { Reply, Request } from '../../src/control/protocol/api.js'
import { SteeredAddresses } from '../../src/plane/steered-addresses.js'
import { Kind, type LocalKinds } from '../../src/ebpf/worker-choice.js'
import { formatIpv4, type Cidr, type Ipv4Addr } from '../../src/wire/addr.js'
import { destinationSettings, serviceSettings } from '../support/settings.js'

const { OWN, LOCAL } = Kind
const DONE: Reply = { ok: true, value: null }
const REFUSED: Reply = { ok: false, refusal: 'EEXIST', message: '' }

/** What has been told, as text; holds `room` addresses. */
class Told implements LocalKinds {
  readonly kinds = new Map<string, number>()
  readonly blocks: string[] = []
  room = Infinity

  setLocal(addr: number, kinds: number): void {
    const name = formatIpv4(addr as Ipv4Addr)
    if (!this.kinds.has(name) && this.kinds.size >= this.room) throw new Error('too many')
    this.kinds.set(name, kinds)
  }
  remove(addr: number): void {
    this.kinds.delete(formatIpv4(addr as Ipv4Addr))
  }
  addBlock({ addr, prefix }: Cidr): void {
    this.blocks.push(`${formatIpv4(addr)}/${prefix}`)
  }
  removeBlock({ addr, prefix }: Cidr): void {
    const at = this.blocks.indexOf(`${formatIpv4(addr)}/${prefix}`)
    if (at >= 0) this.blocks.splice(at, 1)
  }
}

function rig(addresses: string[] = [], vips: string[] = []) {
  const told = new Told()
  const problems: string[] = []
  const steered = new SteeredAddresses(told, { addresses, vips }, problem => problems.push(problem))
  return { told, problems, steered, done: (request: Request, reply = DONE) => steered.change(request).end(reply) }
}

const service = (address: string, port = 80) => ({ protocol: 'tcp', address, port }) as const
const settings = serviceSettings('rr')
const add = (address: string, port = 80): Request => ({ op: 'add-service', service: service(address, port), settings })
const remove = (address: string, port = 80): Request => ({ op: 'delete-service', service: service(address, port) })
const lip = (op: 'add-local-address' | 'delete-local-address', address: string): Request => ({
  op,
  service: service('10.0.0.1'),
  address,
})

t.test('an address is ours while somebody has it', async t => {
  const { told, done } = rig(['192.0.2.1/24@eth0'], ['192.0.2.7', '10.9.0.0/16'])
  const own = { '192.0.2.1': OWN, '192.0.2.7': OWN }
  t.strictSame(Object.fromEntries(told.kinds), own)
  t.strictSame(told.blocks, ['10.9.0.0/16'])
  done(add('10.0.0.1'))
  done(add('10.0.0.1', 81))
  done(add('192.0.2.1'))
  done(remove('10.0.0.1'))
  done(remove('192.0.2.1'))
  t.strictSame(Object.fromEntries(told.kinds), { ...own, '10.0.0.1': OWN })
  done(remove('10.0.0.1', 81))
  t.strictSame(Object.fromEntries(told.kinds), own)
  done(add('10.0.0.1'))
  done({ op: 'add-vip', cidr: '10.0.0.1' })
  done({ op: 'add-vip', cidr: '10.0.0.1' })
  done({ op: 'flush' })
  t.equal(told.kinds.get('10.0.0.1'), OWN)
  done({ op: 'delete-vip', cidr: '10.0.0.1' })
  done({ op: 'add-vip', cidr: '10.8.0.0/16' })
  done({ op: 'delete-vip', cidr: '10.9.0.0/16' })
  t.strictSame(Object.fromEntries(told.kinds), own)
  t.strictSame(told.blocks, ['10.8.0.0/16'])
})

t.test(
  'it is told before the workers are, taken back when they refuse, and taken away after they have forgotten',
  async t => {
    const { told, steered } = rig()
    const coming = steered.change(add('10.0.0.1'))
    t.equal(told.kinds.get('10.0.0.1'), OWN)
    coming.end(REFUSED)
    t.equal(told.kinds.size, 0)
    steered.change(add('10.0.0.1')).end(DONE)
    const going = steered.change(remove('10.0.0.1'))
    const again = steered.change(add('10.0.0.1'))
    t.equal(told.kinds.get('10.0.0.1'), OWN)
    going.end(DONE)
    t.equal(told.kinds.get('10.0.0.1'), OWN, 'it is coming again')
    again.end(DONE)
    steered.change(remove('10.0.0.1')).end(REFUSED)
    t.equal(told.kinds.get('10.0.0.1'), OWN)
    for (const request of [
      { op: 'add-vip', cidr: '10.0.0.9' },
      { op: 'add-vip', cidr: '10.7.0.0/16' },
      lip('add-local-address', '10.0.0.8'),
    ] as Request[])
      steered.change(request).end(REFUSED)
    t.strictSame([Object.fromEntries(told.kinds), told.blocks], [{ '10.0.0.1': OWN }, []])
  },
)

t.test('a local address stays one when it is given up, until it is something else or all is reset', async t => {
  const { told, done, problems } = rig()
  done(add('10.0.0.1'))
  for (const address of ['10.0.1.1', '10.0.1.2', '10.0.1.3']) done(lip('add-local-address', address))
  t.strictSame(
    ['10.0.1.1', '10.0.1.2', '10.0.1.3'].map(address => told.kinds.get(address)),
    [LOCAL, LOCAL, LOCAL],
  )
  done(lip('delete-local-address', '10.0.1.1'))
  done(remove('10.0.0.1'))
  t.strictSame(
    ['10.0.1.1', '10.0.1.2', '10.0.1.3'].map(address => told.kinds.get(address)),
    [LOCAL, LOCAL, LOCAL],
  )
  done(add('10.0.1.2'))
  t.equal(told.kinds.get('10.0.1.2'), OWN)
  done(remove('10.0.1.2'))
  t.equal(told.kinds.has('10.0.1.2'), false)
  done({ op: 'reset' })
  t.equal(told.kinds.size, 0)
  t.strictSame(problems, [])
})

t.test('a service on a local address is said, where its port may be a local port', async t => {
  const { told, done, problems } = rig()
  done(add('10.0.0.1'))
  done(lip('add-local-address', '10.0.1.1'))
  done(add('10.0.1.1', 5535))
  t.strictSame(problems, [])
  t.equal(told.kinds.get('10.0.1.1'), OWN | LOCAL)
  done(add('10.0.1.1', 5536))
  t.match(problems, [/^10\.0\.1\.1:5536 is on a local address: /])
})

t.test('a batch is each of its requests, as they end', async t => {
  const { told, done, steered } = rig()
  const edit: Request = {
    op: 'edit-destination',
    service: service('10.0.0.1'),
    destination: { address: '10.1.1.1', port: 1 },
    settings: destinationSettings(1),
  }
  const requests = [
    add('10.0.0.1'),
    edit,
    add('10.0.0.2'),
    { op: 'add-service', service: { mark: 3 }, settings },
    { op: 'add-service', service: service('2001:db8::1'), settings },
  ]
  done({ op: 'batch', requests } as Request, { ok: true, value: [DONE, DONE, REFUSED, DONE, DONE] } as Reply)
  t.strictSame(Object.fromEntries(told.kinds), { '10.0.0.1': OWN })
  told.room = 2
  t.throws(() => steered.change({ op: 'batch', requests: [add('10.0.0.2'), add('10.0.0.3')] } as Request), /too many/)
  t.strictSame(Object.fromEntries(told.kinds), { '10.0.0.1': OWN })
  steered.change(add('10.0.0.2'))
  t.throws(() => steered.change({ op: 'add-vip', cidr: '10.0.0.3' }), /too many/)
  t.strictSame([...told.kinds.keys()], ['10.0.0.1', '10.0.0.2'])
})
