import t from 'tap'
import { printable } from '../../../src/control/protocol/printable.js'

t.test('what a terminal would obey is replaced, and nothing else', async t => {
  t.equal(printable('a\u001b[2J\nb\u0085'), 'a\ufffd[2J\ufffdb\ufffd')
  t.equal(printable('\u202eabc\u2066\u200f'), '\ufffdabc\ufffd\ufffd')
  t.equal(printable('ä שלום 💥 <b>'), 'ä שלום 💥 <b>')
})
