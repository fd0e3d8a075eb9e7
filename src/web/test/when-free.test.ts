import t from 'tap'
import { ApiError } from '../src/live/api.ts'
import { whenFree } from '../src/live/when-free.ts'

/* What the director has no room for yet is asked again, and not for ever. */

const patience = { everyMs: 1, forMs: 10_000, isWanted: () => true }

t.test('what is refused for now is asked again; what is refused is thrown at once', async t => {
  const refusals = [new ApiError('another plan is being made', 429), new ApiError('busy', 200, 'EBUSY')]
  t.equal(await whenFree(async () => given(refusals, 'a plan'), patience), 'a plan')
  let asked = 0
  const wrong = async (): Promise<never> => {
    asked++
    throw new ApiError('it is no rule', 400)
  }
  await t.rejects(whenFree(wrong, patience), { message: 'it is no rule' })
  t.equal(asked, 1)
})

t.test('for so long, and while it is wanted', async t => {
  await t.rejects(whenFree(busy, { ...patience, forMs: 20 }), { message: 'another plan is being made' })
  let left = 3
  t.equal(await whenFree(busy, { ...patience, isWanted: () => left-- > 0 }), undefined)
  t.equal(left, -1)
})

function given<T>(refusals: ApiError[], value: T): T {
  const refusal = refusals.shift()
  if (refusal) throw refusal
  return value
}

async function busy(): Promise<never> {
  throw new ApiError('another plan is being made', 429)
}
