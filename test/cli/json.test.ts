import t from 'tap'
import { jsonDocument, jsonPieces } from '../../src/cli/json.js'

async function* inPages(...pages: number[][]): AsyncGenerator<number[]> {
  yield* pages
}

t.test('a document, of a list an item a line', async t => {
  t.equal(jsonDocument('timeouts', { tcp: 9 }), '{"version":1,"timeouts":{"tcp":9}}\n')
  t.equal(jsonDocument('numbers', [1, 2]), '{"version":1,"numbers":[\n1,\n2\n]}\n')
  t.equal(jsonDocument('numbers', []), '{"version":1,"numbers":[\n]}\n')
})

t.test('pages make the same document, however they are cut', async t => {
  for (const pages of [[], [[]], [[1, 2, 3]], [[1], [2, 3]], [[], [1], [], [2], [3], []], [[1, 2], [], [3]]]) {
    const pieces: string[] = []
    for await (const piece of jsonPieces('numbers', inPages(...pages))) pieces.push(piece)
    t.equal(pieces.join(''), jsonDocument('numbers', pages.flat()), JSON.stringify(pages))
    t.ok(pieces.length <= pages.length + 1)
  }
})
