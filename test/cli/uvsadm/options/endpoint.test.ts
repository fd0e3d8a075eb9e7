import t from 'tap'
import { readEndpoint, readInteger } from '../../../../src/cli/uvsadm/options/endpoint.js'
import { fakeNames } from '../../../support/names.js'

const names = fakeNames({ '192.0.2.7': 'web.example' })

// each tried on ipvsadm 1.31; null: illegal
const CASES: [string, string | null][] = [
  ['10.0.0.1:80', '10.0.0.1 80'],
  ['10.0.0.1', '10.0.0.1 none'],
  ['10.0.0.1:0', '10.0.0.1 0'],
  ['10.0.0.1:65535', '10.0.0.1 65535'],
  ['10.0.0.1:65536', null],
  ['10.0.0.1:4294967376', null],
  ['10.0.0.1:-1', null],
  ['10.0.0.1:', null],
  ['10.0.0.1:80x', null],
  ['10.0.0.1:0x54', null],
  ['10.0.0.1:0105', '10.0.0.1 105'],
  ['10.0.0.1:+81', '10.0.0.1 81'],
  ['10.0.0.1: 82', '10.0.0.1 82'],
  ['10.0.0.1:83 ', null],
  ['10.0.0.1:94:95', null],
  ['10.0.0.1:http', '10.0.0.1 80'],
  ['10.0.0.1:www', '10.0.0.1 80'],
  ['10.0.0.1:HTTP', null],
  ['10.0.0.1:mdns', null],
  ['10.0.0.300:80', null],
  [':80', null],
  ['', null],
  ['127.1:86', '127.0.0.1 86'],
  ['0x0a000001:87', '10.0.0.1 87'],
  ['010.0.0.1:88', '8.0.0.1 88'],
  ['1:89', '0.0.0.1 89'],
  ['10.0.0.1 :80', '10.0.0.1 80'],
  ['10.0.0.1 x:80', '10.0.0.1 80'],
  ['web.example:90', '192.0.2.7 90'],
  ['nosuch.example:90', null],
  ['[2001:db8::1]:80', '2001:db8::1 80'],
  ['[2001:DB8:0::01]:80', '2001:db8::1 80'],
  ['2001:DB8:0::01', '2001:db8::1 none'],
  ['[2001:db8::1]:http', '2001:db8::1 80'],
  ['[2001:db8::1]:80x', null],
  ['[2001:db8::1]', null],
  ['[2001:db8::1]80', null],
  ['[2001:db8::1:80', null],
  ['2001:db8::1:80', '2001:db8::1:80 none'],
]

t.test('host[:port] is read as ipvsadm reads it', async t => {
  for (const [text, wanted] of CASES) {
    const found = await readEndpoint(text, 'tcp', names)
    t.equal(found ? `${found.address} ${found.port ?? 'none'}` : null, wanted, JSON.stringify(text))
  }
})

t.test("a port's name goes by the protocol, and there is none without one", async t => {
  t.equal((await readEndpoint('10.0.0.1:mdns', 'udp', names))?.port, 5353)
  t.equal(await readEndpoint('10.0.0.1:http', 'udp', names), undefined)
  t.equal(await readEndpoint('10.0.0.1:http', undefined, names), undefined)
})

t.test('numbers are as strict as strtol with its end checked', async t => {
  const numbers: [string, number | undefined][] = [
    ['0', 0],
    ['-0', 0],
    ['+5', 5],
    [' 5', 5],
    ['010', 10],
    ['2147483647', 2147483647],
    ['2147483648', undefined],
    ['4294967297', undefined],
    ['18446744073709551617', undefined],
    ['-1', undefined],
    ['5 ', undefined],
    ['5x', undefined],
    ['0x10', undefined],
    ['1e3', undefined],
    ['1.5', undefined],
    ['', undefined],
    ['abc', undefined],
  ]
  for (const [text, wanted] of numbers) t.equal(readInteger(text, 2147483647), wanted, JSON.stringify(text))
})
