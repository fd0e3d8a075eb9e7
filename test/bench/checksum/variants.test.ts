import { array, assert, constantFrom, oneof, property, uint8Array } from '../../support/properties.js'
import t from 'tap'
import { variants, wasmVariants, type Sum } from '../../../bench/checksum/variants.js'
import { sum } from '../../support/octets.js'

const ALIGNMENTS = Array.from({ length: 16 }, (_, at) => at)
const { memory, inPlace, copied } = wasmVariants()
const elsewhere = new DataView(new ArrayBuffer(65535 + 32))

/** Every variant with memory that it can sum. */
const all: [string, Sum, DataView][] = [
  ...Object.entries({ ...variants, ...copied }).map(([name, of]): [string, Sum, DataView] => [name, of, elsewhere]),
  ...Object.entries(inPlace).map(([name, of]): [string, Sum, DataView] => [name, of, memory]),
]

/** What of the variant's answers is wrong, at every alignment, with ones around, which count when they are read by mistake. */
function wrong(of: Sum, dv: DataView, octets: Uint8Array): string[] {
  const bytes = new Uint8Array(dv.buffer, 0, octets.length + 32)
  const right = sum(octets)
  return ALIGNMENTS.filter(at => {
    bytes.fill(0xa5)
    bytes.set(octets, at)
    return of(dv, at, octets.length) !== right
  }).map(at => `${octets.length} octets at ${at}`)
}

for (const [name, of, dv] of all) {
  t.test(`${name}: 0 to 100 octets, whatever they are, sum up as the slow one says`, async () => {
    const anything = oneof(
      uint8Array({ minLength: 0, maxLength: 100 }),
      array(constantFrom(0, 0xff, 0x80, 0x01), { maxLength: 100 }).map(list => Uint8Array.from(list)),
    )
    assert(
      property(anything, octets => wrong(of, dv, octets).length === 0),
      { numRuns: 200, seed: 6 },
    )
  })

  t.test(`${name}: every length to 100 and the large ones, random, zeros and ones`, async t => {
    let state = 1
    const random = Uint8Array.from({ length: 65535 }, () => (state = (state * 1103515245 + 12345) & 0x7fffffff) >>> 16)
    const lengths = [...Array.from({ length: 101 }, (_, len) => len), 576, 1460, 1461, 9000, 65534, 65535]
    for (const source of [random, new Uint8Array(65535), new Uint8Array(65535).fill(0xff)]) {
      const found = lengths.flatMap(len => wrong(of, dv, source.subarray(0, len)))
      t.strictSame(found, [], `beginning with ${source[0]} ${source[1]}`)
    }
  })
}

t.test('zeros sum up to 0, ones to ffff, and words that cancel out to ffff', async t => {
  for (const [name, of, dv] of all) {
    const sumOf = (...octets: number[]): number => {
      new Uint8Array(dv.buffer, 0, octets.length).set(octets)
      return of(dv, 0, octets.length)
    }
    t.equal(sumOf(0, 0, 0, 0), 0, name)
    t.equal(sumOf(0xff, 0xff), 0xffff, name)
    t.equal(sumOf(0x12, 0x34, 0xed, 0xcb), 0xffff, name)
    t.equal(sumOf(0xff), 0xff00, name)
  }
})
