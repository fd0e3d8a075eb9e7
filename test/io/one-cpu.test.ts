import { readFileSync } from 'node:fs'
import t from 'tap'
import { schedGetcpu } from '../../src/io/libc.js'
import { stayOnThisCpu } from '../../src/io/one-cpu.js'

const allowed = (): string => /^Cpus_allowed_list:\s+(.*)$/m.exec(readFileSync('/proc/thread-self/status', 'utf8'))![1]!

t.test('the thread keeps to one CPU, one that it was given', async t => {
  const before = allowed()
  stayOnThisCpu()
  t.match(allowed(), /^\d+$/)
  t.equal(Number(allowed()), schedGetcpu())
  const ranges = before.split(',').map(range => range.split('-').map(Number))
  t.ok(ranges.some(([from, to = from]) => from! <= schedGetcpu() && schedGetcpu() <= to!))
})
