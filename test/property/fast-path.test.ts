import * as fc from '../support/properties.js'
import t from 'tap'
import { RECORD_WORDS } from '../../src/conn/record.js'
import { VIP, fromClient, type BenchDirector } from '../support/bench-director.js'
import { tcp4 } from '../support/frames.js'
import { records } from '../support/records.js'
import { begun, CPORT, drawn, made, type Drawn } from './odd-frames.js'

/*
 * Odd frames through two directors: one has the fast path, the other takes the whole path for every packet. Both must do the same,
 * to the bit.
 */
/** All that can be seen of a director. */
function seen(director: BenchDirector): string {
  const { conns, verdictCounters } = director.director
  const words = records(conns).map(conn => conns.table.words.slice(conn, conn + RECORD_WORDS).join())
  return JSON.stringify([
    director.out(),
    director.changes(),
    words,
    conns.fullnatKeys.words.join(),
    director.services(),
    verdictCounters.byName(),
  ])
}

/** How many of the frames the fast path can have taken: those that were balanced. */
let balanced = 0

t.test('odd frames meet the same fate by the fast path and by the whole one', async t => {
  const holds = (all: Drawn): void => {
    const [fast, whole] = [begun(all, {}), begun(all, { isWholePath: true })]
    for (const each of all.frames) {
      const given = made(fast, each)
      if (given === undefined) continue
      const [first, second] = [fast, whole].map(director => {
        director.poll(each.ms)
        const link = each.isAnswer ? 'r' : 'c'
        const place = director.place(link, Uint8Array.from(given.frame), Uint8Array.from(given.header))
        if (place.verdict === 'balanced') balanced++
        return `${place.verdict} ${seen(director)}`
      })
      if (first !== second) throw new Error(`${JSON.stringify(each)}\nfast:  ${first}\nwhole: ${second}`)
    }
  }
  fc.assert(fc.property(drawn, holds), { numRuns: 400, interruptAfterTimeLimit: 60_000 })
  t.ok(balanced > 500, `${balanced} of them were balanced`)
})

t.test('a plain packet takes it: the whole path is not asked', async t => {
  for (const method of ['masq', 'fullnat', 'direct'] as const) {
    const director = begun({ method, clientAddress: 'none', frames: [] }, {})
    let asked = 0
    const { ownAddresses } = director.director
    const { has } = ownAddresses
    ownAddresses.has = function (addr) {
      asked++
      return has.call(ownAddresses, addr)
    }
    director.receive('c', tcp4(`10.99.1.10:${CPORT} > ${VIP}:80`, { ...fromClient, flags: 'A' }))
    t.equal(asked, 3, `${method}: whether source, destination and real server are ours is asked once each`)
  }
})
