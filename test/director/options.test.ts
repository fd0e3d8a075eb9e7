import t from 'tap'
import { Director } from '../../src/director/director.js'
import {
  parseAddress,
  parseNeighbour,
  parseRoute,
  parseVip,
  linkOf,
  UsageError,
  type LinkOptions,
} from '../../src/director/options.js'
import { formatIpv4, formatMac } from '../../src/wire/addr.js'
import { BenchDirector } from '../support/bench-director.js'

const NAMES = ['eth0', 'eth1.100']

/** A UsageError of one line that has these words in it. */
function refuses(t: Pick<typeof import('tap').t, 'ok' | 'fail'>, parse: () => unknown, ...words: string[]): void {
  try {
    parse()
    t.fail(`${words.join(' ')}: it is taken`)
  } catch (error) {
    const { message } = error as Error
    t.ok(error instanceof UsageError && !message.includes('\n') && words.every(word => message.includes(word)), message)
  }
}

t.test('--address', async t => {
  const { addr, prefix, link } = parseAddress('192.168.10.1/24@eth1.100', NAMES)
  t.strictSame([formatIpv4(addr), prefix, link], ['192.168.10.1', 24, 1])
  t.match(parseAddress('10.0.0.1/32@eth0', NAMES), { prefix: 32, link: 0 })
  const bad = [
    '',
    '@eth0',
    '10.0.0.1@eth0',
    '10.0.0.1/24',
    '10.0.0.1/33@eth0',
    '10.0.0/24@eth0',
    '10.0.0.256/24@eth0',
    '10.0.0.1/24@eth0@x',
    '10.0.0.1/@eth0',
    '10.0.0.1/a@eth0',
    'fd00::1/64@eth0',
  ]
  for (const text of bad) refuses(t, () => parseAddress(text, NAMES), '--address', `'${text}'`, '10.0.0.1/24@eth0')
  refuses(t, () => parseAddress('10.0.0.1/24@eth9', NAMES), '--address', "'eth9'", 'eth0, eth1.100')
  for (const text of ['0.0.0.0/24', '127.0.0.1/8', '224.0.0.1/24', '255.255.255.255/32', '10.0.0.255/24'])
    refuses(t, () => parseAddress(`${text}@eth0`, NAMES), '--address', `'${text}@eth0'`, 'no host')
  // A network's own address is a host's, as in Linux since 5.14; of two addresses both are (RFC 3021).
  for (const text of ['10.0.0.0/24', '10.0.0.255/31', '10.0.0.255/32'])
    t.match(parseAddress(`${text}@eth0`, NAMES), { link: 0 })
})

t.test('--vip', async t => {
  t.match(parseVip('192.0.2.1'), { prefix: 32 })
  t.match(parseVip('192.0.2.0/24'), { prefix: 24 })
  for (const text of ['', 'x', '192.0.2.1/', '192.0.2.1/33', '192.0.2.1/24/24', '::1'])
    refuses(t, () => parseVip(text), '--vip', `'${text}'`)
  for (const text of ['0.0.0.0', '127.0.0.1', '224.0.0.1', '255.255.255.255'])
    refuses(t, () => parseVip(text), '--vip', `'${text}'`, 'no host may have that address')
  for (const text of ['0.0.0.0/0', '1.2.3.4/0'])
    refuses(t, () => parseVip(text), '--vip', `'${text}'`, 'it names every address')
  // As `ip addr` writes one address; as a block it would take every host's.
  for (const text of ['192.0.2.9/24', '192.0.2.9/31', '192.0.2.128/24'])
    refuses(t, () => parseVip(text), '--vip', `'${text}'`, 'it is no block', '192.0.2.', 'the address alone')
  for (const text of ['128.0.0.0/2', '126.0.0.0/7', '1.0.0.0/8', '192.0.2.9/32', '192.0.2.0/31'])
    t.match(parseVip(text), { prefix: Number(text.split('/')[1]) })
  t.throws(() => parseVip('x', "'x'"), { message: /^'x' is neither/ }, 'where nobody gave a --vip')
})

const read = (text: string): unknown[] => {
  const { to, gateway, link, mtu } = parseRoute(text, NAMES)
  return [`${formatIpv4(to.addr)}/${to.prefix}`, gateway === undefined ? undefined : formatIpv4(gateway), link, mtu]
}

t.test('--route', async t => {
  t.strictSame(read('default=10.0.0.254'), ['0.0.0.0/0', '10.0.0.254', undefined, undefined])
  t.strictSame(read('192.0.2.0/24=10.0.0.9@eth1.100,mtu=1400'), ['192.0.2.0/24', '10.0.0.9', 1, 1400])
  t.strictSame(read('192.0.2.1=@eth0'), ['192.0.2.1/32', undefined, 0, undefined])
  t.strictSame(read('192.0.2.1=10.0.0.9,mtu=68'), ['192.0.2.1/32', '10.0.0.9', undefined, 68])
  t.strictSame(read('192.0.2.1=10.0.0.9,mtu=65535')[3], 65535)
  for (const text of [
    '',
    'default',
    '=10.0.0.1',
    'x=10.0.0.1',
    'default=x',
    'default=10.0.0.1,mtu=',
    'default=10.0.0.1,mtu=x',
    'default=10.0.0.1@',
    '10.0.0.0/33=10.0.0.1',
    'default=10.0.0.1,x=1',
  ])
    refuses(t, () => parseRoute(text, NAMES), '--route', `'${text}'`, 'default=10.0.0.254')
  refuses(t, () => parseRoute('default=', NAMES), '--route', 'neither a gateway nor an interface')
  refuses(t, () => parseRoute('default=10.0.0.1@eth9', NAMES), '--route', "'eth9'")
  refuses(t, () => parseRoute('10.1.0.1/16=10.0.0.1', NAMES), '--route', "'10.1.0.1/16'", 'host bits')
  refuses(t, () => parseRoute('default=224.0.0.1', NAMES), '--route', 'no gateway may be 224.0.0.1')
  for (const mtu of [0, 67, 65536])
    refuses(t, () => parseRoute(`default=10.0.0.1,mtu=${mtu}`, NAMES), '--route', '68 to 65535')
})

t.test('--neighbour', async t => {
  const { addr, mac, link } = parseNeighbour('10.0.0.9=02:00:00:00:00:0A@eth0', NAMES)
  t.strictSame([formatIpv4(addr), formatMac(mac), link], ['10.0.0.9', '02:00:00:00:00:0a', 0])
  for (const text of [
    '',
    '10.0.0.9',
    '10.0.0.9=02:00:00:00:00:0a',
    '10.0.0.9=02:00:00:00:00@eth0',
    '=02:00:00:00:00:0a@eth0',
    'x=02:00:00:00:00:0a@eth0',
    '10.0.0.9/32=02:00:00:00:00:0a@eth0',
    '10.0.0.9=02:00:00:00:00:0g@eth0',
  ])
    refuses(t, () => parseNeighbour(text, NAMES), '--neighbour', `'${text}'`)
  refuses(t, () => parseNeighbour('10.0.0.9=02:00:00:00:00:0a@eth9', NAMES), '--neighbour', "'eth9'")
  for (const mac of ['ff:ff:ff:ff:ff:ff', '01:00:5e:00:00:01', '00:00:00:00:00:00'])
    refuses(t, () => parseNeighbour(`10.0.0.9=${mac}@eth0`, NAMES), '--neighbour', mac, 'no host may have that MAC')
  refuses(
    t,
    () => parseNeighbour('224.0.0.9=02:00:00:00:00:0a@eth0', NAMES),
    '--neighbour',
    'no host may have that address',
  )
})

const make = (options: ConstructorParameters<typeof BenchDirector>[0]) => () => new BenchDirector(options)

t.test('a director is not made of options that cannot be meant', async t => {
  refuses(t, make({ addresses: ['10.0.0.1@c'] }), '--address')
  refuses(t, make({ addresses: ['10.0.0.1/24@c', '10.0.0.1/16@r'] }), '--address', "'10.0.0.1/16@r'", 'given already')
  refuses(t, make({ vips: ['x'] }), '--vip')
  refuses(t, make({ vips: ['10.99.2.255'] }), '--vip', "'10.99.2.255'", 'no host', 'broadcast address')
  refuses(t, make({ routes: ['192.0.2.0/24=203.0.113.1'] }), '--route', 'on none of the networks')
  refuses(t, make({ neighbours: ['10.0.0.9=1@c'] }), '--neighbour')
  for (const maxConnections of [0, -1, 1.5, NaN, 2 ** 24 + 1])
    t.throws(make({ maxConnections }), RangeError, `${maxConnections} connections`)
})

const link = (mac: unknown) => linkOf({ name: 'eth0', mac, mtu: 1500 } as LinkOptions, 3)

t.test('a MAC is two numbers or text, of one host', async t => {
  const mac = { hi: 0x0200, lo: 0xff000001 }
  t.strictSame(link('02:00:FF:00:00:01'), { index: 3, name: 'eth0', mtu: 1500, mac, isBeside: false, claims: true })
  t.strictSame(link(mac).mac, mac)
  for (const wrong of [
    undefined,
    null,
    '',
    '02:00:00:00:00',
    '0200.0000.0001',
    '01:00:5e:00:00:01',
    7,
    {},
    { hi: 0x10000, lo: 1 },
    { hi: 0x0200, lo: -1 },
    { hi: 0x0200, lo: '1' },
    { hi: 0x0100, lo: 1 },
  ])
    t.throws(() => link(wrong), new RangeError(linkMessage(wrong)), JSON.stringify(wrong))
})

t.test('links by the option’s old name', async t => {
  const given = [{ name: 'eth0', mac: '02:00:00:00:00:01', mtu: 1500 }]
  const made = { egress: { transmit: () => true }, addresses: [], seed: 1, now: 0 }
  const { links, ports } = new Director({ ...made, ports: given })
  t.strictSame(links, new Director({ ...made, links: given }).links)
  t.equal(ports, links)
})

function linkMessage(mac: unknown): string {
  return `links[3].mac: ${JSON.stringify(mac)} is not a host's MAC, such as '02:00:00:00:00:01', or { hi, lo } of its first 2 and last 4 octets`
}
