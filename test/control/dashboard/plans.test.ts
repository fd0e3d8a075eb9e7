import t from 'tap'
import { Plans, type Committing } from '../../../src/control/dashboard/admin/plans.js'
import type { RulesWork } from '../../../src/control/dashboard/rules-work.js'

t.test(
  'a plan is carried out after the one that is being made, without keeping others who change rules waiting',
  async t => {
    const did: string[] = []
    let made: ((json: string) => void) | undefined
    const work = {
      plan: () => new Promise<string>(resolve => (made = resolve)),
      take: async () => ({ groups: [], next: null, commands: [], changes: 0 }),
    } as unknown as RulesWork
    const director = {
      commitPlanned: async (changes: () => Promise<unknown>) => {
        did.push('their turn')
        await changes()
        return { ok: true, value: {} }
      },
    } as unknown as Committing
    const plans = new Plans(director, work)
    const planned = plans.plan({ lines: [] }, true).then(() => did.push('planned'))
    const applied = plans.apply({ id: 'x' })
    await new Promise(setImmediate)
    t.strictSame(did, [])
    await t.rejects(plans.plan({ lines: [] }, true), { message: 'another plan is being made' })
    made!('{}')
    await Promise.all([planned, applied])
    t.strictSame(did.toSorted(), ['planned', 'their turn'])
  },
)
