import t from 'tap'
import { DIRECTIONS } from '../../src/conn/direction.js'
import { INBOUND_ONLY, parseTransitions } from '../../src/conn/transitions.js'

t.test('a table is read row by row, one direction after the other', async t => {
  const tables = ['A A B\nB B A', '  A B B\n  B A A']
  t.strictSame([...parseTransitions(['A', 'B'], 2, tables)], [0, 1, 1, 0, 1, 1, 0, 0])
})

t.test('directions have the numbers of the tables', async t => {
  t.strictSame([...DIRECTIONS, INBOUND_ONLY], [0, 1, 2])
})

t.test('a row too many, too few, out of order, or a state that is none, is refused', async t => {
  const expected = new RangeError('a transition table needs a row a state, in order, and a known state for every event')
  for (const table of ['A A B', 'A A B\nB B A\nA A B', 'B B A\nA A B', 'A A\nB B A', 'A A C\nB B A'])
    t.throws(() => parseTransitions(['A', 'B'], 2, [table]), expected, table)
})
