import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { schedGetcpu } from '../../src/linux/libc.js'
import { parseCpus, stayOnThisCpu } from '../../src/linux/one-cpu.js'

const allowed = (): string => /^Cpus_allowed_list:\s+(.*)$/m.exec(readFileSync('/proc/thread-self/status', 'utf8'))![1]!

t.test(
  'the nth of several threads keeps to the nth CPU that it was given, and after the last to the first',
  async t => {
    const cpus = parseCpus(allowed())
    for (const n of [0, 1, cpus.length, cpus.length + 1, 63]) {
      const kept = await new Promise<string>((resolve, reject) => {
        const { href } = new URL('../../src/linux/one-cpu.js', import.meta.url)
        const program = `
        const { readFileSync } = require('node:fs')
        const { parentPort } = require('node:worker_threads')
        import(${JSON.stringify(href)}).then(({ stayOnCpu }) => {
          stayOnCpu(${n})
          parentPort.postMessage(readFileSync('/proc/thread-self/status', 'utf8'))
        })`
        new Worker(program, { eval: true }).once('message', resolve).once('error', reject)
      })
      t.match(kept, `\nCpus_allowed_list:\t${cpus[n % cpus.length]}\n`, `thread ${n}`)
    }
  },
)

t.test('a list of CPUs is read as the kernel writes it', async t => {
  t.strictSame(parseCpus('0-2,5'), [0, 1, 2, 5])
  t.strictSame(parseCpus('7'), [7])
  t.strictSame(parseCpus(''), [])
})

t.test('the thread keeps to one CPU, one that it was given', async t => {
  const before = allowed()
  stayOnThisCpu()
  t.match(allowed(), /^\d+$/)
  t.equal(Number(allowed()), schedGetcpu())
  const ranges = before.split(',').map(range => range.split('-').map(Number))
  t.ok(ranges.some(([from, to = from]) => from! <= schedGetcpu() && schedGetcpu() <= to!))
})
