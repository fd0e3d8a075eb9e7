import { type ChildProcess, spawn } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import { pid } from 'node:process'
import t from 'tap'
import { until } from '../../../netns-lab/proc.js'
import { commandLineOf, nameOf, parentOf, processIds } from '../../../src/keepalived/processes/process-files.js'
import { ProcessWatch } from '../../../src/keepalived/processes/process-watch.js'
import type { TrackedProcess } from '../../../src/keepalived/processes/tracked-process.js'
import { tempDir } from '../../support/temp.js'

const NAME = `uvs-pw-${pid % 10_000}`
const block = (over: Partial<TrackedProcess>): TrackedProcess => ({
  name: 'tp',
  process: [NAME],
  fullCommand: false,
  quorum: 1,
  forkDelayMs: 0,
  terminateDelayMs: 0,
  ...over,
})

t.test('processes that start, are renamed, end, and wait as zombies', async t => {
  const path = `${tempDir(t)}/${NAME}`
  copyFileSync('/bin/sleep', path)
  const children: ChildProcess[] = []
  const start = async (...words: string[]): Promise<ChildProcess> => {
    const child = spawn(path, words)
    children.push(child)
    await until(() => nameOf(String(child.pid)) === NAME, 10_000)
    return child
  }
  t.teardown(() => children.forEach(child => child.kill('SIGKILL')))
  const told: string[] = []
  const watch = new ProcessWatch((name, isGood) => told.push(`${name} ${isGood}`))
  t.teardown(() => watch.close())
  const [byName, byLine] = [block({}), block({ name: 'line', process: [path, '61'], quorum: 2 })]
  const first = await start('60')
  watch.follow([byName, byLine])
  t.strictSame(told.splice(0), ['tp true', 'line false'], 'told at once')
  const more = [await start('61'), await start('61')]
  t.ok(await until(() => told.includes('line true'), 10_000))
  watch.follow([byLine, block({ name: 'new', quorum: 4 })])
  t.strictSame(told.splice(0), ['line true', 'new false'], 'nothing is told twice')
  more[0]!.kill('SIGKILL')
  t.ok(await until(() => told.includes('line false'), 10_000))
  watch.follow([byName])
  first.kill('SIGKILL')
  more[1]!.kill('SIGKILL')
  t.ok(await until(() => told.includes('tp false'), 10_000))
  watch.follow([])
})

t.test('what is read of a process', async t => {
  t.ok(processIds().includes(String(pid)))
  t.equal(parentOf(String(pid)), process.ppid)
  t.match(commandLineOf(String(pid)).at(-1), /process-watch/)
  for (const read of [nameOf, parentOf]) t.equal(read('4294967295'), undefined)
  t.strictSame(commandLineOf('4294967295'), [])
  // A child that has ended, and whose end its parent does not ask for.
  const parent = spawn('sh', ['-c', 'true & echo $!; exec sleep 60'])
  t.teardown(() => parent.kill('SIGKILL'))
  const id = await new Promise<string>(resolve => parent.stdout.once('data', data => resolve(String(data).trim())))
  t.ok(await until(() => parentOf(id) === undefined, 10_000), 'a zombie has no parent here')
  t.strictSame(commandLineOf(id), [])
})
