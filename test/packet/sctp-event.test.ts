import t from 'tap'
import { SctpEvent } from '../../src/conn/sctp-states.js'
import { sctpEvent } from '../../src/packet/sctp-event.js'
import { SctpView } from '../../src/wire/sctp.js'
import { concat } from '../support/octets.js'
import { Chunk, chunk, sctp } from '../support/sctp.js'

/** The event of a packet of these chunks, type and octets of data, by its name. */
function eventOf(chunks: readonly [type: number, data: number][], cut = 0): string {
  const octets = sctp([1, 2], concat(...chunks.map(each => chunk(...each))))
  const event = sctpEvent(new SctpView().wrap(new DataView(octets.buffer), 0), octets.length - cut)
  return Object.keys(SctpEvent)[event]!
}

t.test('the first chunk says what a packet is (ipvs-behaviour.md §5.3)', async t => {
  const named = new Map<number, string>([
    [Chunk.INIT, 'INIT'],
    [Chunk.INIT_ACK, 'INIT_ACK'],
    [Chunk.ABORT, 'ABORT'],
    [Chunk.SHUTDOWN, 'SHUTDOWN'],
    [Chunk.SHUTDOWN_ACK, 'SHUTDOWN_ACK'],
    [Chunk.ERROR, 'ERROR'],
    [Chunk.COOKIE_ECHO, 'COOKIE_ECHO'],
    [Chunk.COOKIE_ACK, 'COOKIE_ACK'],
    [Chunk.SHUTDOWN_COMPLETE, 'SHUTDOWN_COMPLETE'],
  ])
  for (let type = 0; type < 256; type++) t.equal(eventOf([[type, 4]]), named.get(type) ?? 'DATA', `type ${type}`)
})

t.test('an ABORT right behind a COOKIE-ECHO or COOKIE-ACK counts, and behind no other', async t => {
  for (let type = 0; type < 16; type++)
    for (let second = 0; second < 16; second++) {
      const isAbort = (type === Chunk.COOKIE_ECHO || type === Chunk.COOKIE_ACK) && second === Chunk.ABORT
      const expected = isAbort ? 'ABORT' : eventOf([[type, 0]])
      t.equal(
        eventOf([
          [type, 5],
          [second, 0],
        ]),
        expected,
        `${type}, then ${second}`,
      )
    }
  const third: [number, number][] = [
    [Chunk.COOKIE_ECHO, 8],
    [Chunk.DATA, 3],
    [Chunk.ABORT, 0],
  ]
  t.equal(eventOf(third), 'COOKIE_ECHO', 'as the third it does not')
})

t.test('an ABORT of which not the whole header is there does not count', async t => {
  const chunks: [number, number][] = [
    [Chunk.COOKIE_ECHO, 3],
    [Chunk.ABORT, 0],
  ]
  t.equal(eventOf(chunks), 'ABORT')
  for (const cut of [1, 2, 3, 4]) t.equal(eventOf(chunks, cut), 'COOKIE_ECHO', `${cut} octets cut off`)
})
