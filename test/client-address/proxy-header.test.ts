import t from 'tap'
import { readProxyHeader } from '../../src/client-address/proxy-header.js'

const V2 = '0d0a0d0a000d0a515549540a'
const ENDS = { address: '203.0.113.7', port: 40_000, localAddress: '10.0.0.1', localPort: 80 }
const INET = 'cb007107 0a000001 9c40 0050'

/** Of version 2: all but the signature, in hexadecimal. */
function v2(text: string): Buffer {
  return Buffer.from(V2 + text.replaceAll(' ', ''), 'hex')
}
function text(line: string): Buffer {
  return Buffer.from(line, 'latin1')
}

const LINE = 'PROXY TCP4 203.0.113.7 10.0.0.1 40000 80\r\n'
const LONGEST = `PROXY TCP6 ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535\r\n`
const six = (word: string): string => Array.from({ length: 7 }, () => word).join(':')

const good: [string, Buffer, object | undefined][] = [
  ['TCP4', text(LINE), ENDS],
  [
    'TCP6',
    text('PROXY TCP6 2001:db8::7 2001:db8::1 1 65535\r\n'),
    { address: '2001:db8::7', port: 1, localAddress: '2001:db8::1', localPort: 65_535 },
  ],
  [
    'TCP6 as long as it gets',
    text(LONGEST),
    { address: `${six('ffff')}:ffff`, port: 65_535, localAddress: `${six('ffff')}:ffff`, localPort: 65_535 },
  ],
  ['UNKNOWN', text('PROXY UNKNOWN\r\n'), undefined],
  ['UNKNOWN with more', text('PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n'), undefined],
  ['version 2, INET', v2(`21 11 000c ${INET}`), ENDS],
  ['version 2, INET, and a TLV', v2(`21 11 0010 ${INET} 04000100`), ENDS],
  [
    'version 2, INET6',
    v2(`21 21 0024 20010db8000000000000000000000007 20010db8000000000000000000000001 0001 ffff`),
    { address: '2001:db8::7', port: 1, localAddress: '2001:db8::1', localPort: 65_535 },
  ],
  ['version 2, LOCAL', v2('20 00 0000'), undefined],
  ['version 2, UNSPEC', v2('21 00 0004 00000000'), undefined],
]

for (const [what, octets, ends] of good)
  t.test(`${what}: read when it is whole, not before, and no further`, async t => {
    for (let len = 0; len < octets.length; len++)
      if (readProxyHeader(octets.subarray(0, len), 536) !== 'more') t.fail(`${len} octets`)
    t.strictSame(readProxyHeader(octets, 536), { len: octets.length, ends })
    t.strictSame(readProxyHeader(Buffer.concat([octets, text('PROXY \r\n')]), 536), { len: octets.length, ends })
  })

t.test('what begins otherwise is no header', async t => {
  for (const line of ['GET / HTTP/1.0\r\n', 'POST', 'PROPFIND', '\r\n\r\nX', '\0'])
    t.equal(readProxyHeader(text(line), 536), 'none', line)
})

t.test('what begins as one and is wrong is bad', async t => {
  for (const line of [
    'PROXY TCP4 203.0.113.7 10.0.0.1 40000\r\n',
    'PROXY TCP4 203.0.113.7 10.0.0.1 40000 80 1\r\n',
    'PROXY TCP4 203.0.113.7 10.0.0.1 40000 65536\r\n',
    'PROXY TCP4 203.0.113.7 10.0.0.1 040000 80\r\n',
    'PROXY TCP4 203.0.113.7 10.0.0.1 -1 80\r\n',
    'PROXY TCP4 203.0.113.256 10.0.0.1 40000 80\r\n',
    'PROXY TCP4 ::1 ::1 40000 80\r\n',
    'PROXY TCP6 10.0.0.1 10.0.0.1 40000 80\r\n',
    'PROXY  TCP4 203.0.113.7 10.0.0.1 40000 80\r\n',
    'PROXY UDP4 203.0.113.7 10.0.0.1 40000 80\r\n',
    'PROXYTCP4 203.0.113.7 10.0.0.1 40000 80\r\n',
    'PROXY TCP4 203.0.113.7\n',
    'PROXY TCP4 203.0.113.7\r1',
    `PROXY UNKNOWN ${'x'.repeat(93)}`,
    `PROXY UNKNOWN ${'x'.repeat(92)}\r\n`,
  ])
    t.equal(readProxyHeader(text(line), 536), 'bad', JSON.stringify(line))
  for (const octets of [
    '11 11 000c',
    '22 11 000c',
    '21 11 0209',
    '21 11 ffff',
    `21 11 000b ${INET}`,
    `21 21 000c ${INET}`,
  ])
    t.equal(readProxyHeader(v2(octets), 536), 'bad', octets)
})
