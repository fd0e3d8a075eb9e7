import t from 'tap'
import { memoryFigures } from '../../../bench/in-process/life.js'

const MIB = 2 ** 20
const usage = (rss: number, heapUsed = 0): NodeJS.MemoryUsage => {
  return { rss, heapUsed, heapTotal: 0, external: 0, arrayBuffers: 0 }
}

t.test('a growth that cannot be told is no figure', async t => {
  t.strictSame(memoryFigures(usage(100 * MIB), usage(99 * MIB), 1000), {}, 'the process has shrunk')
  t.strictSame(memoryFigures(usage(100 * MIB), usage(115 * MIB), 1000), {})
  t.strictSame(memoryFigures(usage(100 * MIB), usage(164 * MIB, MIB), MIB), {
    'bytes RSS a connection': 64,
    'bytes of heap a connection': 1,
    'MiB RSS': 64,
  })
})
