import { execFileSync } from 'node:child_process'
import { getPriority } from 'node:os'
import t from 'tap'

const module = new URL('../../../src/cli/uvs/give-way.js', import.meta.url).href

/** The niceness of each thread of a process that runs this command. */
function nices(command: string): number[] {
  const program = `
    const { giveWay } = await import('${module}')
    const { getPriority } = await import('node:os')
    const { readdirSync } = await import('node:fs')
    giveWay('${command}')
    console.log(JSON.stringify(readdirSync('/proc/self/task').map(thread => getPriority(Number(thread)))))`
  return JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }),
  ) as number[]
}

t.test('what asks a director lets others go first, with all its threads; a director does not', async t => {
  const ours = getPriority()
  const asks = nices('explain')
  t.ok(asks.length > 1)
  t.strictSame(new Set(asks), new Set([Math.max(10, ours)]))
  t.strictSame(new Set(nices('director')), new Set([ours]))
})
