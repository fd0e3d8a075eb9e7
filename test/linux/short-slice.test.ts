import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { getPriority, release } from 'node:os'
import t from 'tap'
import { which } from '../../netns-lab/tools.js'

const { href } = new URL('../../src/linux/short-slice.js', import.meta.url)
const PROGRAM = `
import { existsSync, readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
const { shortenSlices } = await import(${JSON.stringify(href)})
const told = shortenSlices()
const slice = /^se\\.slice\\s*:\\s*(\\d+)/m.exec(readFileSync('/proc/thread-self/sched', 'utf8'))?.[1]
console.log(JSON.stringify({ told, slice: Number(slice), nice: getPriority() }))`

function started(...by: string[]): { told: number; slice: number; nice: number } {
  const [command, ...args] = [...by, process.execPath, '--input-type=module', '-e', PROGRAM]
  return JSON.parse(execFileSync(command!, args, { encoding: 'utf8' })) as never
}
const [major = 0, minor = 0] = release().split('.').map(Number)
const isOld = major < 6 || (major === 6 && minor < 12)
const SCHED = '/proc/self/sched'
const hasSlice = existsSync(SCHED) && readFileSync(SCHED, 'utf8').includes('se.slice')
const nice = getPriority()

t.test(
  'a thread runs for a tenth of a millisecond at a time, as nice as it was',
  { skip: isOld ? `Linux ${release()} is older than 6.12` : !hasSlice && `${SCHED} tells no slice` },
  async t => {
    t.strictSame(started(), { told: 100_000, slice: 100_000, nice })
    t.strictSame(started('nice', '-n', '5'), { told: 100_000, slice: 100_000, nice: nice + 5 })
  },
)

t.test('another policy is left alone', { skip: !which('chrt') && 'chrt is not installed' }, async t => {
  t.equal(started('chrt', '--batch', '0').told, 0)
})
