import t from 'tap'
import { seededRandom } from '../../src/director/random.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'
import {
  fold,
  pseudoHeaderSum,
  sum16,
  sumOf20IsRight,
  update16,
  update32,
  updateSum32,
} from '../../src/wire/checksum.js'
import { checksum, concat, pseudoHeader, sum, u16, u32 } from '../support/octets.js'

const CORNERS = [0, 1, 0x00ff, 0x0100, 0x7fff, 0x8000, 0xfffe, 0xffff]

/** The octets in the midst of others, `offset` from an 8-octet boundary. */
function within(octets: Uint8Array, offset: number): DataView {
  const bytes = new Uint8Array(offset + octets.length + 8).fill(0xa5)
  bytes.set(octets, offset)
  return new DataView(bytes.buffer)
}

function randomOctets(random: () => number, len: number): Uint8Array {
  return Uint8Array.from({ length: len }, random)
}

t.test('the sum is the slow one’s at every length and alignment', async t => {
  const random = seededRandom(1)
  for (const len of [...Array.from({ length: 301 }, (_, len) => len), 1460, 65535]) {
    const kinds = {
      random: randomOctets(random, len),
      ones: new Uint8Array(len).fill(0xff),
      zeros: new Uint8Array(len),
    }
    for (const [kind, octets] of Object.entries(kinds)) {
      const right = sum(octets)
      const got = Array.from({ length: 8 }, (_, offset) => sum16(within(octets, offset), offset, len))
      t.strictSame(
        got,
        Array.from({ length: 8 }, () => right),
        `${len} octets, ${kind}, at offsets 0 to 7`,
      )
    }
  }
})

t.test('a sum goes on from the one it is given', async t => {
  const random = seededRandom(2)
  for (const start of CORNERS) {
    for (const len of [0, 1, 2, 3, 4, 7, 20, 1461]) {
      const octets = randomOctets(random, len)
      t.equal(sum16(within(octets, 3), 3, len, start), sum(concat(u16(start), octets)), `from ${start}, ${len} octets`)
      const ones = new Uint8Array(len).fill(0xff)
      t.equal(sum16(within(ones, 0), 0, len, start), sum(concat(u16(start), ones)), `from ${start}, ${len} × ff`)
    }
  }
})

t.test('20 octets with their check are right at every alignment, with any bit the other way wrong', async t => {
  const random = seededRandom(8)
  for (let round = 0; round < 40; round++) {
    const octets = randomOctets(random, 20)
    // Corners: hardly anything but ones or zeros, where the sums of the words carry most and least.
    if (round < 4) octets.fill(round & 1 ? 0xff : 0, round & 2 ? 4 : 1)
    octets.set([0, 0], 10)
    octets.set(u16(checksum(octets)), 10)
    const wrong: string[] = []
    for (let offset = 0; offset < 16; offset++) {
      const dv = within(octets, offset)
      if (!sumOf20IsRight(dv, offset)) wrong.push(`right at ${offset}`)
      for (let bit = 0; bit < 160; bit++) {
        const at = offset + (bit >> 3)
        dv.setUint8(at, dv.getUint8(at) ^ (1 << (bit & 7)))
        if (sumOf20IsRight(dv, offset)) wrong.push(`bit ${bit} at ${offset}`)
        dv.setUint8(at, dv.getUint8(at) ^ (1 << (bit & 7)))
      }
    }
    t.strictSame(wrong, [], octets.join(' '))
  }
  t.equal(sumOf20IsRight(within(new Uint8Array(20).fill(0xff), 3), 3), true, 'ones sum up to ffff')
  t.equal(sumOf20IsRight(within(new Uint8Array(20), 3), 3), false, 'zeros do not')
})

t.test('folding keeps the sum modulo 65535 and leaves 16 bits', async t => {
  const cases = [
    [0, 0],
    [0xffff, 0xffff],
    [0x10000, 1],
    [0x1fffe, 0xffff],
    [0xffff0000, 0xffff],
    [0xffffffff, 0xffff],
  ]
  for (const [from, to] of cases) t.equal(fold(from!), to, `${from!.toString(16)}`)
  t.equal(fold(0xfffeffff), 0xfffe + 0xffff - 0xffff, 'a carry out of the first addition comes in again')
})

t.test('the pseudo header’s sum is that of its octets', async t => {
  const random = seededRandom(3)
  const numbers = [0, 1, -1, 0x7fffffff, -0x80000000, 0x0000ffff, -0x10000, ...Array.from({ length: 40 }, random)]
  for (const [index, number] of numbers.entries()) {
    const [src, dst] = [number as Ipv4Addr, numbers[(index * 7 + 3) % numbers.length]! as Ipv4Addr]
    for (const len of [0, 8, 20, 1480, 0xffff]) {
      const octets = pseudoHeader(u32(src), u32(dst), 6, len)
      t.equal(pseudoHeaderSum(src, dst, 6, len), sum(octets), `${src} > ${dst}, ${len} octets`)
      t.equal(
        pseudoHeaderSum((src >>> 0) as Ipv4Addr, (dst | 0) as Ipv4Addr, 6, len),
        sum(octets),
        `${src} > ${dst}, ${len} octets, unsigned`,
      )
    }
  }
})

t.test('RFC 1624’s own example gives 0000, where equation 2 gave ffff', async t => {
  t.equal(update16(0xdd2f, 0x5555, 0x3285), 0x0000)
})

/*
 * Every covered area begins with a word that is not 0, as every header does (version, protocol): over nothing but zeros
 * the complement of the sum is ffff, and no incremental update can tell that from 0000.
 */
t.test('a check updated for a word is the one computed anew', async t => {
  const random = seededRandom(4)
  const words = [...CORNERS, ...Array.from({ length: 24 }, () => random() & 0xffff)]
  for (const from of words) {
    const wrong: string[] = []
    for (const to of words) {
      for (const rest of words) {
        const area = (word: number) => concat(u16(0x4500), u16(word), u16(rest))
        const got = update16(checksum(area(from)), from, to)
        if (got !== checksum(area(to))) wrong.push(`${from} to ${to} beside ${rest}: ${got}`)
      }
    }
    t.strictSame(wrong, [], `from ${from}`)
  }
})

const beside1234 = (word: number) => concat(u16(0x4500), u16(0x1234), u16(word))

t.test('a check updated through every word, there and back, is right at each', async t => {
  const wrong: number[] = []
  let check = checksum(beside1234(0))
  for (let word = 1; word <= 0xffff; word++) {
    check = update16(check, word - 1, word)
    if (check !== checksum(beside1234(word)) || update16(check, word, word - 1) !== checksum(beside1234(word - 1)))
      wrong.push(word)
  }
  t.strictSame(wrong, [])
})

t.test('a check updated for an address is the one computed anew, whether the number has a sign or not', async t => {
  const random = seededRandom(5)
  const numbers = CORNERS.flatMap(high => CORNERS.map(low => (high << 16) | low))
  for (let i = 0; i < 60; i++) numbers.push(random() | 0)
  for (const from of numbers) {
    const wrong: string[] = []
    for (const to of numbers) {
      const rest = random() & 0xffff
      const area = (address: number) => concat(u16(0x4500), u32(address), u16(rest))
      const right = checksum(area(to))
      const old = checksum(area(from))
      if (update32(old, from, to) !== right) wrong.push(`${from} to ${to}`)
      if (update32(old, from >>> 0, to >>> 0) !== right) wrong.push(`${from} to ${to}, unsigned`)
    }
    t.strictSame(wrong, [], `from ${from}`)
  }
})

t.test('a pseudo-header sum updated for an address is the one computed anew', async t => {
  const random = seededRandom(6)
  const numbers = CORNERS.flatMap(high => CORNERS.map(low => (high << 16) | low))
  for (let i = 0; i < 60; i++) numbers.push(random() | 0)
  for (const from of numbers) {
    const wrong: string[] = []
    for (const to of numbers) {
      const peer = random() | 0
      const partial = (address: number) => sum(pseudoHeader(u32(address), u32(peer), 17, 8))
      if (updateSum32(partial(from), from, to) !== partial(to)) wrong.push(`${from} to ${to}`)
      if (updateSum32(partial(from), from >>> 0, to >>> 0) !== partial(to)) wrong.push(`${from} to ${to}, unsigned`)
    }
    t.strictSame(wrong, [], `from ${from}`)
  }
})

t.test('a wrong check stays wrong by as much', async t => {
  const random = seededRandom(7)
  for (let i = 0; i < 200; i++) {
    const [from, to, other, error] = [random() | 0, random() | 0, random() & 0xffff, 1 + (random() % 0xfffe)]
    const right = (address: number) => checksum(concat(u16(0x4500), u32(address), u16(other)))
    const got = update32((right(from) + error) % 0xffff, from, to)
    t.equal(got % 0xffff, (right(to) + error) % 0xffff, `${from} to ${to}, wrong by ${error}`)
  }
})
