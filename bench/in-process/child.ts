/* The process of one group, so that each group is measured with code compiled for it and its own heap. */
import { inlineThePath } from '../../src/plane/engine.js'
import { allGroups } from './groups.js'
import type { Plan } from './measure.js'
import type { FromChild } from './child-process.js'
import { setPlainPages } from './pages.js'

const { plan, name } = JSON.parse(process.argv[2]!) as { plan: Plan; name: string }
inlineThePath()
setPlainPages(plan.plainPages)
const { measures } = allGroups(plan).find(group => group.name === name)!

process.on('message', async (asked: string) => {
  try {
    answer({ figures: await measures.find(measure => measure.name === asked)!.figures() })
  } catch (error) {
    answer({ failed: (error as Error).message })
  }
})
process.on('disconnect', () => process.exit())

function answer(message: FromChild): void {
  process.send!(message)
}
