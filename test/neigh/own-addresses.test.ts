import t from 'tap'
import { AddressKind } from '../../src/packet/front.js'
import { OwnAddresses } from '../../src/neigh/own-addresses.js'
import { formatIpv4, parseCidr, parseIpv4 } from '../../src/wire/addr.js'

const addr = (text: string) => parseIpv4(text)!
const cidr = (text: string) => parseCidr(text)!

t.test('an address is own while anyone holds it', async t => {
  const own = new OwnAddresses()
  t.notOk(own.has(addr('10.0.0.1')))
  own.hold(addr('10.0.0.1'))
  own.hold(addr('10.0.0.1'))
  own.letGo(addr('10.0.0.1'))
  t.ok(own.has(addr('10.0.0.1')), 'held once more')
  own.letGo(addr('10.0.0.1'))
  t.notOk(own.has(addr('10.0.0.1')))
})

t.test('a block holds its addresses and no others', async t => {
  const blocks: [block: string, inside: string[], outside: string[]][] = [
    ['198.51.100.0/28', ['198.51.100.0', '198.51.100.15'], ['198.51.100.16', '198.51.99.255']],
    ['198.51.100.77/24', ['198.51.100.0', '198.51.100.255'], ['198.51.101.0']],
    ['128.0.0.0/1', ['128.0.0.0', '255.255.255.254'], ['127.255.255.255', '255.255.255.255']],
    ['0.0.0.0/0', ['1.0.0.0', '223.255.255.255', '240.0.0.0'], ['0.0.0.0', '127.0.0.1', '224.0.0.1']],
    ['192.0.2.8/31', ['192.0.2.8', '192.0.2.9'], ['192.0.2.7', '192.0.2.10']],
    ['192.0.2.8/32', ['192.0.2.8'], ['192.0.2.7', '192.0.2.9']],
  ]
  for (const [block, inside, outside] of blocks) {
    const own = new OwnAddresses()
    own.addBlock(cidr(block))
    for (const text of inside) t.ok(own.has(addr(text)), `${text} in ${block}`)
    for (const text of outside) t.notOk(own.has(addr(text)), `${text} not in ${block}`)
    t.ok(own.deleteBlock(cidr(block)), `${block} was there`)
    for (const text of inside) t.notOk(own.has(addr(text)), `${text} no longer in ${block}`)
    t.notOk(own.deleteBlock(cidr(block)), `${block} is gone`)
  }
})

t.test('a block is deleted by its own length only', async t => {
  const own = new OwnAddresses()
  own.addBlock(cidr('198.51.100.0/28'))
  t.notOk(own.deleteBlock(cidr('198.51.100.0/24')))
  t.notOk(own.deleteBlock(cidr('198.51.100.0')))
  t.ok(own.has(addr('198.51.100.3')))
})

t.test('a network that broadcasts by a held address takes it, whoever holds it', async t => {
  const own = new OwnAddresses()
  const [early, late] = [addr('10.0.0.255'), addr('10.0.1.255')]
  own.hold(early)
  t.ok(own.has(early))
  own.addBroadcast(early)
  own.addBroadcast(late)
  own.hold(late)
  own.addBlock(cidr('10.0.0.0/23'))
  t.strictSame(
    [early, late, addr('10.0.0.254')].map(at => own.has(at)),
    [false, false, true],
  )
  t.strictSame([[...own.come], [...own.gone]], [[], [early]], 'the one that was announced is gone')
  own.letGo(early)
  own.letGo(late)
  t.strictSame(
    [early, late].map(at => own.has(at)),
    [false, false],
  )
})

t.test('who announces addresses is told of each that comes or goes, blocks apart', async t => {
  const own = new OwnAddresses()
  const news = (change: () => void): string[][] => {
    own.come.clear()
    own.gone.clear()
    change()
    return [[...own.come].map(formatIpv4), [...own.gone].map(formatIpv4)]
  }
  const one = addr('10.0.0.1')
  t.strictSame(
    news(() => own.hold(one)),
    [['10.0.0.1'], []],
  )
  t.strictSame(
    news(() => own.hold(one)),
    [[], []],
    'another owner',
  )
  t.strictSame(
    news(() => own.letGo(one)),
    [[], []],
    'one owner less',
  )
  t.strictSame(
    news(() => own.letGo(one)),
    [[], ['10.0.0.1']],
  )
  const andBack = (): void => {
    own.hold(one)
    own.letGo(one)
    own.hold(one)
  }
  t.strictSame(news(andBack), [['10.0.0.1'], []])
  t.strictSame(
    news(() => own.addBlock(cidr('192.0.2.8'))),
    [['192.0.2.8'], []],
  )
  t.strictSame(
    news(() => own.deleteBlock(cidr('192.0.2.8'))),
    [[], ['192.0.2.8']],
  )
  t.strictSame(
    news(() => own.addBlock(cidr('198.51.100.0/28'))),
    [[], []],
  )
})

t.test("a service alone claims no virtual router's address; who is master claims it, and announces it", async t => {
  const own = new OwnAddresses()
  const link = { index: 0, name: 'c', mac: { hi: 0x0200, lo: 1 }, mtu: 1500, isBeside: false, claims: true }
  const vip = addr('10.0.0.100')
  const news = (change: () => void): [come: number, gone: number, answers: boolean, isElsewhere: boolean] => {
    own.come.clear()
    own.gone.clear()
    change()
    return [own.come.size, own.gone.size, own.answersFor(vip, link), own.isElsewhere(vip)]
  }
  t.strictSame(
    news(() => own.hold(vip, AddressKind.SERVICE)),
    [1, 0, true, false],
  )
  t.strictSame(
    news(() => own.withhold([vip, addr('10.0.0.101')])),
    [0, 1, false, true],
  )
  t.ok(own.has(vip), 'what comes to it is balanced')
  t.ok(own.isWithheld(addr('10.0.0.101')))
  t.strictSame(
    news(() => own.addBlock(cidr('10.0.0.100'))),
    [1, 0, true, false],
    'master',
  )
  t.strictSame(
    news(() => own.deleteBlock(cidr('10.0.0.100'))),
    [0, 1, false, true],
    'backup',
  )
  t.strictSame(
    news(() => own.withhold([vip])),
    [0, 0, false, true],
    'the same',
  )
  t.strictSame(
    news(() => own.hold(vip, AddressKind.KERNEL)),
    [0, 0, false, false],
    'master beside the kernel',
  )
  own.letGo(vip, AddressKind.KERNEL)
  t.strictSame(
    news(() => own.withhold([])),
    [1, 0, true, false],
    'no longer a virtual router’s',
  )
})
