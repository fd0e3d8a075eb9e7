import t from 'tap'
import { formatIpv6, isRoutableIpv6, parseIpv6 } from '../../src/wire/ipv6-addr.js'

// each as inet_ntop(3) writes it
const TEXTS: [string, string][] = [
  ['2001:DB8:0::0001', '2001:db8::1'],
  ['::', '::'],
  ['::1', '::1'],
  ['1::', '1::'],
  ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
  ['1:0:3:4:5:6:7:8', '1:0:3:4:5:6:7:8'],
  ['1:0:0:4:5:0:0:0', '1:0:0:4:5::'],
  ['1:0:0:4:5:0:0:8', '1::4:5:0:0:8'],
  ['0:0:3::', '0:0:3::'],
  ['::1.2.3.4', '::1.2.3.4'],
  ['::102:304', '::1.2.3.4'],
  ['::ffff:10.0.0.1', '::ffff:10.0.0.1'],
  ['64:ff9b::10.0.0.1', '64:ff9b::a00:1'],
  ['::0:5', '::5'],
  ['ffff:8000::8000:ffff', 'ffff:8000::8000:ffff'],
]

t.test('text and numbers, both ways', async t => {
  for (const [text, wanted] of TEXTS) {
    const addr = parseIpv6(text)!
    t.equal(formatIpv6(addr), wanted, text)
    t.strictSame(parseIpv6(wanted), addr, `${wanted} is the same`)
  }
  t.strictSame(parseIpv6('8000:1::ffff:fffe'), [0x80000001 | 0, 0, 0, -2], 'signed words')
})

t.test('anything else is none', async t => {
  for (const text of ['', '10.0.0.1', '::1%lo', ':::', '1:2', '12345::', '::g', '1::2::3', '::1.2.3', '::1.2.3.256'])
    t.equal(parseIpv6(text), undefined, text)
})

const may = (text: string): boolean => isRoutableIpv6(parseIpv6(text)!)

t.test('what the kernel takes for a real server', async t => {
  for (const text of ['2001:db8::1', '::1', '::1.2.3.4', 'fec0::1', 'fd00::1', '9000::', 'fe00::', 'fe7f::1'])
    t.equal(may(text), true, text)
  for (const text of ['::', 'ff02::1', 'ff00::', 'fe80::1', 'febf::1', '::ffff:10.0.0.1'])
    t.equal(may(text), false, text)
})
