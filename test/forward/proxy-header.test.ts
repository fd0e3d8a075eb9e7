import t from 'tap'
import { proxyHeaderLen, writeProxyHeader } from '../../src/forward/proxy-header.js'
import { slabOver } from '../../src/packet/frame.js'
import { ClientAddress } from '../../src/service/method.js'
import { parseIpv4 } from '../../src/wire/addr.js'
import { hex, unhex } from '../support/frames.js'

/** What is written for 'CLIENT:PORT > VIP:PORT', between octets of 0xa5. */
function written(version: ClientAddress, flow: string): Uint8Array {
  const [[caddr = '', cport], [vaddr = '', vport]] = flow.split(' > ').map(end => end.split(':')) as [
    string[],
    string[],
  ]
  const ends = [parseIpv4(caddr)!, Number(cport), parseIpv4(vaddr)!, Number(vport)] as const
  const slab = slabOver(new ArrayBuffer(128))
  slab.bytes.fill(0xa5)
  const end = writeProxyHeader(slab, 7, version, ...ends)
  if (end - 7 !== proxyHeaderLen(version, ...ends)) throw new Error(`${flow}: ${end - 7} octets were written`)
  if (slab.bytes[6] !== 0xa5 || slab.bytes[end] !== 0xa5) throw new Error(`${flow}: something beside it was written`)
  return slab.bytes.slice(7, end)
}

t.test('version 1, as text', async t => {
  for (const [flow, line] of [
    ['203.0.113.7:40000 > 10.0.0.1:80', 'PROXY TCP4 203.0.113.7 10.0.0.1 40000 80'],
    ['255.255.255.255:65535 > 255.255.255.255:65535', 'PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535'],
    ['1.2.3.4:0 > 0.0.0.0:1', 'PROXY TCP4 1.2.3.4 0.0.0.0 0 1'],
    ['10.100.99.9:9999 > 9.10.99.100:10', 'PROXY TCP4 10.100.99.9 9.10.99.100 9999 10'],
    ['10.0.0.1:1000 > 10.0.0.2:10000', 'PROXY TCP4 10.0.0.1 10.0.0.2 1000 10000'],
    ['10.0.0.1:99 > 10.0.0.2:100', 'PROXY TCP4 10.0.0.1 10.0.0.2 99 100'],
    ['10.0.0.1:999 > 10.0.0.2:9', 'PROXY TCP4 10.0.0.1 10.0.0.2 999 9'],
  ] as const)
    t.equal(new TextDecoder().decode(written(ClientAddress.PROXY_V1, flow)), `${line}\r\n`)
})

t.test('version 2, as octets', async t => {
  t.equal(
    hex(written(ClientAddress.PROXY_V2, '203.0.113.7:40000 > 10.0.0.1:80')),
    hex(unhex('0d0a0d0a000d0a515549540a 21 11 000c cb007107 0a000001 9c40 0050'.replaceAll(' ', ''))),
  )
})
