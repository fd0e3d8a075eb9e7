import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import t from 'tap'
import { BURST, BYTES_PER_LINE, LINES_PER_SECOND } from '../../../src/control/socket/request-rate.js'
import { REQUEST_LINE_MAX } from '../../../src/control/protocol/codec.js'
import { SHAPES } from '../../../src/control/protocol/operations.js'
import { LIMITS } from '../../../src/control/socket/connection.js'
import { CLIENTS_MAX, QUEUE_MAX, QUEUE_MS } from '../../../src/control/socket/seats.js'
import { serveControl } from '../../../src/control/socket/server.js'
import { Transactions } from '../../../src/control/rules/transactions.js'
import { BenchDirector } from '../../support/bench-director.js'
import { tempDir } from '../../support/temp.js'

const document = readFileSync('docs/control-socket.md', 'utf8')

/** The names that a check of a field looks for, at any depth. */
function fieldsOf(check: (found: unknown, where: string) => unknown, seen: Set<string>): Set<string> {
  const spy: object = new Proxy(
    {},
    {
      getOwnPropertyDescriptor: (_, name) => {
        seen.add(String(name))
        return { configurable: true, enumerable: true, value: spy }
      },
      get: (_, name) => (typeof name === 'string' ? spy : undefined),
    },
  )
  try {
    check(spy, '')
  } catch {
    // no field of a wrong kind is looked into further: those below are found by the examples
  }
  return seen
}

t.test('every operation has a section and an example; every parameter is named in its section', async t => {
  const sections = document.split(/^### /m).slice(1)
  for (const [op, { params }] of Object.entries(SHAPES)) {
    const section = sections.find(text => text.split('\n')[0]!.split(', ').includes(op))
    t.ok(section, `${op} has a section`)
    t.match(document, `→ {"v":1,"op":"${op}"`, `${op} has an example`)
    for (const name of Object.keys(params)) t.match(section, `\`${name}\``, `${op}: ${name}`)
  }
  for (const text of sections)
    for (const op of text.split('\n')[0]!.split(', '))
      if (/^[a-z-]+$/.test(op)) t.ok(Object.hasOwn(SHAPES, op), `${op} is an operation`)
})

t.test('what is in parameters is named', async t => {
  for (const [op, { params }] of Object.entries(SHAPES))
    for (const check of Object.values(params))
      for (const name of fieldsOf(check, new Set()))
        t.match(document, new RegExp(`[\`"]${name}[\`"]`), `${op}: ${name}`)
})

t.test('every refusal there is is explained', async t => {
  const source = readFileSync('src/control/protocol/refusal.ts', 'utf8')
  const refusals = source
    .split('export type RefusalName =')[1]!
    .split('\n\n')[0]!
    .match(/E[A-Z]+/g)!
  t.ok(refusals.length >= 9)
  for (const refusal of refusals) t.match(document, `| \`${refusal}\``, refusal)
})

t.test('the limits are those of the code', async t => {
  const limits = [
    `${REQUEST_LINE_MAX} bytes without its end`,
    `${LIMITS.lineMs / 1000} seconds to its end`,
    `${LIMITS.takeMs / 1000} seconds; nothing more is read`,
    `${CLIENTS_MAX}, and ${QUEUE_MAX} that wait for a place for up to ${QUEUE_MS / 1000} seconds`,
    `${LINES_PER_SECOND}, and as many at once; one more for each ${BYTES_PER_LINE} bytes of a line`,
  ]
  for (const limit of limits) t.match(document, limit)
  t.equal(BURST, LINES_PER_SECOND)
})

t.test('the examples, played in their order on a director, answer what the document says', async t => {
  const path = `${tempDir(t)}/uvs.sock`
  const { control } = new BenchDirector()
  const server = await serveControl(path, new Transactions(control, () => new BenchDirector().director))
  t.teardown(() => server.close())
  const socket = connect(path)
  t.teardown(() => socket.destroy())
  const replies = createInterface(socket)[Symbol.asyncIterator]()
  const examples = [...document.matchAll(/^ {4}→ (.*)\n {4}← (.*)$/gm)]
  t.equal(examples.length, document.split('→ {').length - 1, 'each has its answer')
  for (const [, request = '', wanted = ''] of examples) {
    socket.write(`${request}\n`)
    const reply = String((await replies.next()).value)
    const [beginning = '', ...more] = wanted.split(' …')
    t.equal(more.length > 0 ? reply.slice(0, beginning.length) : reply, beginning, request)
  }
})
