import t from 'tap'
import { LocalAddresses } from '../../src/neigh/local-addresses.js'
import { formatIpv4, parseCidr, parseIpv4 } from '../../src/wire/addr.js'

const addr = (text: string) => parseIpv4(text)!
const cidr = (text: string) => parseCidr(text)!

t.test('an address is local while anyone holds it', async t => {
  const local = new LocalAddresses()
  t.notOk(local.has(addr('10.0.0.1')))
  local.hold(addr('10.0.0.1'))
  local.hold(addr('10.0.0.1'))
  local.letGo(addr('10.0.0.1'))
  t.ok(local.has(addr('10.0.0.1')), 'held once more')
  local.letGo(addr('10.0.0.1'))
  t.notOk(local.has(addr('10.0.0.1')))
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
    const local = new LocalAddresses()
    local.addBlock(cidr(block))
    for (const text of inside) t.ok(local.has(addr(text)), `${text} in ${block}`)
    for (const text of outside) t.notOk(local.has(addr(text)), `${text} not in ${block}`)
    t.ok(local.deleteBlock(cidr(block)), `${block} was there`)
    for (const text of inside) t.notOk(local.has(addr(text)), `${text} no longer in ${block}`)
    t.notOk(local.deleteBlock(cidr(block)), `${block} is gone`)
  }
})

t.test('a block is deleted by its own length only', async t => {
  const local = new LocalAddresses()
  local.addBlock(cidr('198.51.100.0/28'))
  t.notOk(local.deleteBlock(cidr('198.51.100.0/24')))
  t.notOk(local.deleteBlock(cidr('198.51.100.0')))
  t.ok(local.has(addr('198.51.100.3')))
})

t.test('a network that broadcasts by a held address takes it, whoever holds it', async t => {
  const local = new LocalAddresses()
  const [early, late] = [addr('10.0.0.255'), addr('10.0.1.255')]
  local.hold(early)
  t.ok(local.has(early))
  local.addBroadcast(early)
  local.addBroadcast(late)
  local.hold(late)
  local.addBlock(cidr('10.0.0.0/23'))
  t.strictSame(
    [early, late, addr('10.0.0.254')].map(at => local.has(at)),
    [false, false, true],
  )
  t.strictSame([[...local.come], [...local.gone]], [[], [early]], 'the one that was announced is gone')
  local.letGo(early)
  local.letGo(late)
  t.strictSame(
    [early, late].map(at => local.has(at)),
    [false, false],
  )
})

t.test('who announces addresses is told of each that comes or goes, blocks apart', async t => {
  const local = new LocalAddresses()
  const news = (change: () => void): string[][] => {
    local.come.clear()
    local.gone.clear()
    change()
    return [[...local.come].map(formatIpv4), [...local.gone].map(formatIpv4)]
  }
  const one = addr('10.0.0.1')
  t.strictSame(
    news(() => local.hold(one)),
    [['10.0.0.1'], []],
  )
  t.strictSame(
    news(() => local.hold(one)),
    [[], []],
    'another owner',
  )
  t.strictSame(
    news(() => local.letGo(one)),
    [[], []],
    'one owner less',
  )
  t.strictSame(
    news(() => local.letGo(one)),
    [[], ['10.0.0.1']],
  )
  const andBack = (): void => {
    local.hold(one)
    local.letGo(one)
    local.hold(one)
  }
  t.strictSame(news(andBack), [['10.0.0.1'], []])
  t.strictSame(
    news(() => local.addBlock(cidr('192.0.2.8'))),
    [['192.0.2.8'], []],
  )
  t.strictSame(
    news(() => local.deleteBlock(cidr('192.0.2.8'))),
    [[], ['192.0.2.8']],
  )
  t.strictSame(
    news(() => local.addBlock(cidr('198.51.100.0/28'))),
    [[], []],
  )
})
