import t from 'tap'
import { SCTP_CHUNK_LEN, SCTP_MIN_LEN, SctpChunk, SctpView } from '../../src/wire/sctp.js'
import { concat } from '../support/octets.js'
import { Chunk, chunk, sctp } from '../support/sctp.js'

const BEFORE = 7

/** The octets in the midst of others, and a view on them. */
function onto(octets: Uint8Array) {
  const bytes = new Uint8Array(BEFORE + octets.length + 9).fill(0xa5)
  bytes.set(octets, BEFORE)
  const view = new SctpView().wrap(new DataView(bytes.buffer), BEFORE)
  return { bytes, view, packet: () => bytes.slice(BEFORE, BEFORE + octets.length) }
}

t.test('chunk types are those of RFC 9260', async t => {
  for (const [name, type] of Object.entries(SctpChunk)) t.equal(type, Chunk[name as keyof typeof Chunk], name)
  t.strictSame([SCTP_MIN_LEN, SCTP_CHUNK_LEN], [12, 16])
})

t.test('the first chunk’s type is read', async t => {
  for (let type = 0; type < 256; type++) t.equal(onto(sctp([1, 2], chunk(type))).view.firstChunk, type)
})

t.test('the second chunk stands behind the first one’s padding, if it is there', async t => {
  for (let data = 0; data <= 9; data++) {
    const octets = sctp([1, 2], concat(chunk(10, data), chunk(6)))
    const { view } = onto(octets)
    t.equal(view.secondChunk(octets.length), 6, `${data} octets in the first`)
    for (let cut = 1; cut <= 4; cut++) t.equal(view.secondChunk(octets.length - cut), -1, `${data}, ${cut} cut off`)
  }
  const alone = sctp([1, 2], chunk(10, 8))
  t.equal(onto(alone).view.secondChunk(alone.length), -1, 'only one')
})

t.test('a new port gives the packet of that port, checksum and all, and touches nothing else', async t => {
  for (let data = 0; data <= 40; data++) {
    const chunks = concat(chunk(Chunk.DATA, data), chunk(Chunk.SACK, 12))
    const len = 12 + chunks.length
    const source = onto(sctp([40_000, 80], chunks))
    source.view.rewriteSrcPort(65_535, len)
    t.strictSame(source.bytes, onto(sctp([65_535, 80], chunks)).bytes, `source port, ${data} octets`)
    const destination = onto(sctp([40_000, 80], chunks))
    destination.view.rewriteDstPort(8080, len)
    t.strictSame(destination.bytes, onto(sctp([40_000, 8080], chunks)).bytes, `destination port, ${data} octets`)
  }
})

t.test('a wrong checksum becomes right with a new port, and stays wrong with the same', async t => {
  const chunks = chunk(Chunk.INIT, 16)
  const wrong = sctp([40_000, 80], chunks, 0xdeadbeef)
  const same = onto(wrong)
  same.view.rewriteDstPort(80, wrong.length)
  same.view.rewriteSrcPort(40_000, wrong.length)
  t.strictSame(same.packet(), wrong)
  same.view.rewriteDstPort(81, wrong.length)
  t.strictSame(same.packet(), sctp([40_000, 81], chunks))
})
