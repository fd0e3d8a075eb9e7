import t from 'tap'
import type { FanoutGroup } from '../../src/io/fanout.js'
import { Reopening, reopeningMemory, type SharedDevice } from '../../src/plane/reopening.js'

/* Workers that open an interface anew, one after the other. */

/** What the workers do, in order: 'WORKER WHAT'. */
class Stage {
  readonly did: string[] = []
  readonly workers: readonly Reopening[]
  /** The worker whose device cannot be opened. */
  fails = -1
  /** The workers whose interface has gone since they opened it. */
  readonly dead = new Set<number>()
  #groups = 100

  constructor(readonly of: number) {
    const memory = reopeningMemory(2)
    this.workers = Array.from(
      { length: of },
      (_, index) => new Reopening(memory, { index, of }, (link, name, group) => this.#open(index, link, name, group)),
    )
  }
  /** Each asks once, in this order: who has its device then. */
  ask(order: readonly number[], ifindex = 7, link = 1): number[] {
    return order.filter(index => this.workers[index]!.take(link, 'eth1', ifindex) !== undefined)
  }
  take(): string[] {
    return this.did.splice(0)
  }

  #open(index: number, link: number, name: string, group: FanoutGroup | undefined): SharedDevice {
    if (index === this.fails) throw new Error('cannot')
    this.dead.delete(index)
    const { dead } = this
    this.did.push(`${index} opens ${name}@${link}, ${group ? `joins ${group.id}` : 'the first'}`)
    return {
      group: group ?? { id: this.#groups++, isFronted: true },
      get isDead() {
        return dead.has(index)
      },
      hear: () => void this.did.push(`${index} hears`),
      close: () => void this.did.push(`${index} closes`),
    } as SharedDevice
  }
}

t.test('they join in their order, whoever asks first, and hear when all have', async t => {
  const stage = new Stage(3)
  t.strictSame(stage.ask([2, 1]), [])
  t.strictSame(stage.take(), [], 'the first begins')
  t.strictSame(stage.ask([0, 2, 1, 0]), [])
  t.strictSame(stage.take(), ['0 opens eth1@1, the first', '1 opens eth1@1, joins 100'])
  t.strictSame(stage.ask([2]), [2])
  t.strictSame(stage.take(), ['2 opens eth1@1, joins 100', '2 hears'])
  t.strictSame(stage.ask([1, 0]), [1, 0])
  t.strictSame(stage.take(), ['1 hears', '0 hears'])

  t.strictSame(stage.ask([1, 2, 0, 1, 2, 0, 1], 9), [2, 0, 1], 'and once more')
  t.match(stage.take().slice(0, 3), [
    '0 opens eth1@1, the first',
    '1 opens eth1@1, joins 101',
    '2 opens eth1@1, joins 101',
  ])
  t.strictSame(stage.ask([0, 1, 2, 0, 1], 3, 0), [2, 0, 1], 'another link is by itself')
})

t.test('an interface that goes again before all have joined is given up', async t => {
  const stage = new Stage(3)
  stage.ask([0, 1], 7)
  stage.take()
  t.strictSame(stage.ask([1, 2], 8), [], 'seen by others before the first')
  t.strictSame(stage.take(), ['1 closes'])
  t.strictSame(stage.ask([0, 2, 1, 2, 1, 0], 8), [2, 1, 0])
  t.strictSame(stage.take().slice(0, 4), [
    '0 closes',
    '0 opens eth1@1, the first',
    '1 opens eth1@1, joins 101',
    '2 opens eth1@1, joins 101',
  ])
  stage.ask([0, 1], 9)
  stage.ask([0], 10)
  t.strictSame(stage.ask([1], 9), [], 'the first is ahead: what was joined is another round’s')
  t.match(stage.take().at(-1), '1 closes')
})

t.test('one that goes and comes back with its number is opened once more', async t => {
  const stage = new Stage(2)
  stage.ask([0])
  stage.dead.add(0)
  t.strictSame(stage.ask([0]), [])
  t.strictSame(stage.take(), ['0 opens eth1@1, the first', '0 closes', '0 opens eth1@1, the first'])
  t.strictSame(stage.ask([1, 0]), [1, 0])
  t.match(stage.take()[0], '1 opens eth1@1, joins 101')
})

t.test('the first one chooses, for each link', async t => {
  const { workers } = new Stage(2)
  const [first, second] = workers as [Reopening, Reopening]
  t.strictSame([first.chosen(1), second.chosen(1)], [undefined, 0])
  first.take(1, 'ethx', 7)
  t.strictSame([first.chosen(1), second.chosen(1), second.chosen(0)], [undefined, 7, 0])
})

t.test('one that cannot open is waited for', async t => {
  const stage = new Stage(2)
  stage.fails = 1
  stage.ask([0])
  t.throws(() => stage.ask([1]), { message: 'cannot' })
  t.strictSame(stage.ask([0]), [])
  stage.fails = -1
  t.strictSame(stage.ask([1, 0]), [1, 0])
})

t.test('what was opened and not taken is closed at the end', async t => {
  const stage = new Stage(2)
  stage.ask([0])
  for (const worker of stage.workers) worker.close()
  t.strictSame(stage.take(), ['0 opens eth1@1, the first', '0 closes'])
})
