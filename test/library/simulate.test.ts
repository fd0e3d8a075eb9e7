import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { simulate } from '../../src/library/simulate.js'
import { UsageError } from '../../src/index.js'

const text = readFileSync(new URL('../../../examples/simulate/wrr-3-to-1.yaml', import.meta.url), 'utf8')
const scenario = parse(text) as { assert: string[] }

t.test('a scenario is run', async t => {
  const result = await simulate(scenario)
  t.ok(result.ok)
  t.strictSame(result.realServers.map(({ connections }) => connections), [3750, 1250]) // prettier-ignore
  t.strictSame(await simulate(scenario), result, 'again')
  t.notSame((await simulate(scenario, { seed: 9 })).series, result.series, 'another seed')
})

t.test('what does not hold, and what is wrong', async t => {
  t.equal((await simulate({ ...scenario, assert: ['no real server above 40 %'] })).ok, false)
  await t.rejects(simulate({ ...scenario, assert: ['no rain'] }), { message: /^assert\[0\]: 'no rain': one of / })
  await t.rejects(simulate(scenario, { seed: -1 }), UsageError)
})
