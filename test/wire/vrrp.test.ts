import t from 'tap'
import { parseIp } from '../../src/wire/ip-addr.js'
import { VRRP_MIN_LEN, VrrpAuth, VrrpType, VrrpView, vrrpLen, type VrrpVersion } from '../../src/wire/vrrp.js'
import { addrOctets, hex, pseudoHeader, sum, unhex } from '../support/octets.js'

/* Adverts as keepalived 2.2.7 sends them: recordings election, auth-mismatch, unicast-v3, v3-ipv6. */
const V2 = '2133640100 01 b865 c0000264 0000000000000000'
const V2_PASS = '2133960101 01 2303 c0000264 3131313100000000'
const V3 = '31339601 0064 f181 c0000264'
const V6 = '31339602 0064 0bf4 fe800000000000000000000000000100 20010db8000000000000000000000100'

/** In the middle of other octets. */
function placed(text: string, room = 80): { dv: DataView; bytes: Uint8Array; len: number } {
  const octets = unhex(text)
  const bytes = new Uint8Array(room).fill(0xa5)
  bytes.set(octets, 3)
  return { dv: new DataView(bytes.buffer, 3), bytes, len: octets.length }
}
const viewOf = (text: string, family: 4 | 6 = 4): VrrpView => new VrrpView().wrap(placed(text).dv, 0, family)
const addressOf = (text: string): NonNullable<ReturnType<typeof parseIp>> => parseIp(text)!

t.test('version 2 is read', async t => {
  const view = viewOf(V2_PASS)
  t.equal(view.version, 2)
  t.equal(view.type, VrrpType.ADVERTISEMENT)
  t.equal(view.vrid, 51)
  t.equal(view.priority, 150)
  t.equal(view.count, 1)
  t.equal(view.authType, VrrpAuth.PASS)
  t.equal(view.intervalMs, 1000)
  t.equal(view.checksum, 0x2303)
  t.equal(view.address(0), addressOf('192.0.2.100'))
  t.strictSame(
    Array.from({ length: 8 }, (_, at) => view.authOctet(at)),
    [0x31, 0x31, 0x31, 0x31, 0, 0, 0, 0],
  )
  t.ok(view.checksumOk(20, 0))
  t.notOk(viewOf(V2_PASS.replace('2303', '2304')).checksumOk(20, 0))
})

t.test('version 3 is read, over either family', async t => {
  t.equal(viewOf(V3).intervalMs, 1000)
  t.equal(viewOf('31339601 f001 f181 c0000264').intervalMs, 10, 'the four reserved bits are no part of it')
  t.equal(viewOf('31339601 0fff f181 c0000264').intervalMs, 40_950)
  const view = viewOf(V6, 6)
  t.equal(view.count, 2)
  t.strictSame(view.address(1), addressOf('2001:db8::100'))
})

t.test('an advert is as long as version, family and count make it', async t => {
  for (const [text, family, len] of [
    [V2, 4, 20],
    [V3, 4, 12],
    [V6, 6, 40],
    ['21336400 0001 0000 0000000000000000', 4, 16],
    ['41339601 0064 f181 c0000264', 4, 12],
  ] as const) {
    const view = viewOf(text, family)
    t.equal(view.wholeLen, len, text)
    t.ok(view.isWhole(len), text)
    t.notOk(view.isWhole(len - 1), `${text}, cut off`)
    t.notOk(view.isWhole(len + 1), `${text}, and one more`)
  }
  t.equal(vrrpLen(2, 4, 255), VRRP_MIN_LEN + 1020 + 8)
})

t.test('built: as recorded, and nothing beside it is written', async t => {
  for (const [text, version, family, addresses, password] of [
    [V2, 2, 4, ['192.0.2.100'], ''],
    [V2_PASS, 2, 4, ['192.0.2.100'], '1111'],
    [V3, 3, 4, ['192.0.2.100'], undefined],
    [V6, 3, 6, ['fe80::100', '2001:db8::100'], undefined],
  ] as [string, VrrpVersion, 4 | 6, string[], string | undefined][]) {
    const expected = placed(text)
    const { dv, bytes, len } = placed('a5'.repeat(expected.len))
    const priority = unhex(text)[2] ?? 0
    const view = new VrrpView().wrap(dv, 0, family).build(version, 51, priority, 1000)
    view.withAddresses(addresses.map(addressOf))
    if (password !== undefined) view.withAuth(password ? VrrpAuth.PASS : VrrpAuth.NONE, Buffer.from(password))
    view.finish(len, version === 2 ? 0 : pseudoSumOf(family, len))
    t.equal(hex(bytes), hex(expected.bytes), text)
  }
})

t.test('intervals are rounded to what the version can say', async t => {
  const { dv } = placed('00'.repeat(20))
  t.equal(new VrrpView().wrap(dv, 0, 4).build(3, 1, 1, 2718).intervalMs, 2720)
  t.equal(new VrrpView().wrap(dv, 0, 4).build(2, 1, 1, 255_000).intervalMs, 255_000)
})

/** Of the recorded packets: 192.0.2.1 to its peer 192.0.2.2, fe80::a to ff02::12. */
function pseudoSumOf(family: 4 | 6, len: number): number {
  if (family === 4) return sum(pseudoHeader(addrOctets('192.0.2.1'), addrOctets('192.0.2.2'), 112, len))
  const addresses = 'fe80000000000000000000000000000a ff020000000000000000000000000012'
  return sum(unhex(`${addresses} 000000${len.toString(16).padStart(2, '0')} 00000070`))
}
