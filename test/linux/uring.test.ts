import t from 'tap'
import { SQE_WORDS, Uring } from '../../src/linux/uring.js'

const OP_NOP = 0
const NO_SUCH_OP = 255
/** In the first word: to be done by another thread of the kernel. */
const ASYNC = (1 << 4) << 8

const ENTRIES = 8
const ring = Uring.open(ENTRIES)

/** Does a batch of operations; answers how many failed. */
function run(...operations: number[]): number {
  for (const [i, operation] of operations.entries()) {
    ring!.sqes.fill(0, ring!.place(i), ring!.place(i) + SQE_WORDS)
    ring!.sqes[ring!.place(i)] = operation
  }
  return ring!.run(operations.length)
}

t.test('io_uring', { skip: ring === undefined && 'no io_uring here' }, async t => {
  t.teardown(() => ring!.close())

  await t.test('entries are used in turn', async t => {
    for (let i = 0; i < 20; i++) {
      const places = Array.from({ length: ENTRIES }, (_, of) => ring!.place(of) / SQE_WORDS)
      t.strictSame(
        places,
        places.map((_, of) => (places[0]! + of) % ENTRIES),
      )
      t.equal(places[0], (i * 3) % ENTRIES)
      t.equal(run(OP_NOP, OP_NOP, OP_NOP), 0)
    }
  })

  await t.test('failures are counted, and keep nothing else from being done', async t => {
    t.equal(run(OP_NOP, NO_SUCH_OP, OP_NOP, NO_SUCH_OP, NO_SUCH_OP), 3)
    t.equal(run(OP_NOP), 0)
    for (let i = 0; i < 50; i++) {
      const others = Array.from({ length: i % ENTRIES }, () => OP_NOP)
      t.equal(run(NO_SUCH_OP, ...others), 1)
    }
  })

  await t.test('what another thread of the kernel does is waited for', async t => {
    for (let i = 0; i < 50; i++) t.equal(run(OP_NOP | ASYNC, NO_SUCH_OP, OP_NOP | ASYNC), 1)
  })

  await t.test('a ring that the kernel does not take from any more fails all, and does not hang', async t => {
    const closed = Uring.open(ENTRIES)!
    closed.close()
    for (let i = 0; i < 3; i++) t.equal(closed.run(5), 5)
    t.equal(closed.place(0), 0, 'nothing is left in it')
  })
})

t.test('where the kernel will not make one, there is none', async t => {
  t.equal(Uring.open(0), undefined)
  t.equal(Uring.open(2 ** 20), undefined)
})
