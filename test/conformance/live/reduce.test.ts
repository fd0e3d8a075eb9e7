import t from 'tap'
import { generate } from './generate.js'
import { partsOf, scenarioOf } from './parts.js'
import { reduce } from './reduce.js'

const HUNDRED = Array.from({ length: 100 }, (_, index) => index)

type Shows = (fewer: number[]) => Promise<boolean>

function holding(...needed: number[]): Shows {
  return fewer => Promise.resolve(needed.every(item => fewer.includes(item)))
}

function either(first: Shows, second: Shows): Shows {
  return async fewer => (await first(fewer)) || second(fewer)
}

t.test('what is needed stays, in order, and nothing else', async t => {
  t.strictSame(await reduce(HUNDRED, holding(3, 50, 51, 99), 1000), [3, 50, 51, 99])
})

t.test('of two that do, one is enough', async t => {
  t.equal((await reduce(HUNDRED, either(holding(10), holding(90)), 1000)).length, 1)
})

t.test('an item that needs another stays with it', async t => {
  t.strictSame(await reduce(HUNDRED, either(holding(5, 71), holding(5, 70)), 1000), [5, 71])
})

t.test('the tries are bounded, and what was found by then counts', async t => {
  let tries = 0
  const shows = async (fewer: number[]) => {
    tries++
    return fewer.includes(3)
  }
  const rest = await reduce(HUNDRED, shows, 3)
  t.equal(tries, 3)
  t.ok(rest.length <= 50 && rest.includes(3))
})

t.test('a scenario falls into parts and comes together again', async t => {
  const scenario = generate(1, 1)
  t.strictSame(scenarioOf(scenario.name, partsOf(scenario)), scenario)
})
