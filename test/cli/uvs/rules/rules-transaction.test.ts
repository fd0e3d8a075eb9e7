import t from 'tap'
import { parsedRules, type Rule } from '../../../../src/cli/uvs/rules/parsed-rules.js'
import { rulesHolder, stageRules } from '../../../../src/cli/uvs/rules/rules-transaction.js'
import { REQUEST_LINE_MAX } from '../../../../src/control/protocol/codec.js'
import type { Control, Request } from '../../../../src/control/protocol/api.js'
import { Transactions } from '../../../../src/control/rules/transactions.js'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BenchDirector } from '../../../support/bench-director.js'
import { tempDir } from '../../../support/temp.js'

/** A client that keeps what it is asked. */
function make(): { control: Control; asked: Request[] } {
  const asked: Request[] = []
  const client = new Transactions(new BenchDirector().control, () => new BenchDirector().director).client()
  t.teardown(() => client.close())
  const call: Control['call'] = request => {
    asked.push(request as Request)
    return client.call(request)
  }
  return { control: { call }, asked }
}

function rulesOf(t: Parameters<typeof tempDir>[0], text: string): AsyncGenerator<Rule, void> {
  const file = join(tempDir(t), 'rules')
  writeFileSync(file, text)
  return parsedRules(file)
}

t.test('nobody waits for a transaction whose rules have yet to come', async t => {
  const { control, asked } = make()
  const slow = async function* (): AsyncGenerator<Rule, void> {
    await new Promise(resolve => setTimeout(resolve, 10))
    t.strictSame(asked, [])
    yield* rulesOf(t, '-A -t 10.0.0.1:80\n')
  }
  await stageRules(control, slow())
  t.strictSame(
    asked.map(({ op }) => op),
    ['begin', 'stage'],
  )
})

t.test('while they are slow, the transaction is kept', async t => {
  const { control, asked } = make()
  const slow = async function* (): AsyncGenerator<Rule, void> {
    for (let i = 0; i < 100; i++) yield* rulesOf(t, `-A -t 10.0.0.1:${i + 1}\n`)
    await new Promise(resolve => setTimeout(resolve, 3500))
    yield* rulesOf(t, '-A -t 10.0.1.1:80\n')
  }
  await stageRules(control, slow())
  t.match(asked, [{ op: 'begin' }, { op: 'stage' }, { op: 'stage', requests: [] }, { op: 'stage', requests: [{}] }])
})

t.test('no rules, too, are rules', async t => {
  const { control, asked } = make()
  await stageRules(control, rulesOf(t, ''))
  t.strictSame(asked, [{ op: 'begin' }])
})

t.test('names as long as names may be fit into requests', async t => {
  const { control, asked } = make()
  const line = `-A -t 10.0.0.1:80 -p -s ${'x'.repeat(255)} --pe ${'y'.repeat(255)}\n`
  const refused = / line 1: Scheduler or persistence engine not found /
  await t.rejects(stageRules(control, rulesOf(t, line.repeat(300))), { message: refused })
  const longest = Math.max(...asked.map(request => JSON.stringify(request).length))
  t.ok(longest < REQUEST_LINE_MAX, String(longest))
})

t.test('who holds the rules is known without a plan', async t => {
  for (const holder of ['etcd', undefined] as const) {
    const { control: director } = new BenchDirector()
    let reads = 0
    const counted: Control = {
      call: request => {
        reads++
        return director.call(request)
      },
    }
    const client = new Transactions(counted, () => new BenchDirector().director, holder).client()
    t.teardown(() => client.close())
    await stageRules(client, rulesOf(t, '-A -t 10.0.0.1:80\n'))
    t.equal(await rulesHolder(client), holder)
    t.equal(reads, 0, 'the director is not read')
  }
})
