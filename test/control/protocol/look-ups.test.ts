import t from 'tap'
import { lookUpText } from '../../../src/control/protocol/look-ups.js'
import type { LookUp } from '../../../src/director/path/witness.js'

const ALL: Record<LookUp, true> = {
  inbound: true,
  outbound: true,
  fullnat: true,
  'quoted-inbound': true,
  'quoted-outbound': true,
  'quoted-fullnat': true,
}

t.test('each of the path’s look-ups has words of its own; one of another version is named as it is', async t => {
  const texts = Object.keys(ALL).map(lookUpText)
  for (const text of texts) t.match(text, /^looked up by \S+ \S+/)
  t.equal(new Set(texts).size, texts.length)
  t.equal(lookUpText('mark'), 'looked up mark')
})
