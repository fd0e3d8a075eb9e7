import t from 'tap'
import { isByName, isCounted, type TrackedProcess } from '../../../src/keepalived/processes/tracked-process.js'

/* Each line as keepalived 2.2.7 counts it, run with these processes. */

const block = (process: string, over: Partial<TrackedProcess> = {}): TrackedProcess => ({
  name: 'tp',
  process: process.split(' '),
  fullCommand: true,
  quorum: 1,
  forkDelayMs: 0,
  terminateDelayMs: 0,
  ...over,
})

const LINES = ['/bin/x', '/bin/x 100', '/bin/x 100 200', 'x 100', '/bin/x -u -'] as const

for (const [process, paramMatch, counted] of [
  ['/bin/x', undefined, ['/bin/x', '/bin/x 100', '/bin/x 100 200', '/bin/x -u -']],
  ['/bin/x 100', undefined, ['/bin/x 100']],
  ['/bin/x 10', undefined, []],
  ['/bin/x', 'exact', ['/bin/x']],
  ['/bin/x 100', 'exact', ['/bin/x 100']],
  ['/bin/x', 'initial', ['/bin/x', '/bin/x 100', '/bin/x 100 200', '/bin/x -u -']],
  ['/bin/', 'initial', []],
  ['/bin/x 10', 'initial', ['/bin/x 100', '/bin/x 100 200']],
  ['/bin/x -', 'initial', ['/bin/x -u -']],
  ['/bin/x', 'partial', ['/bin/x', '/bin/x 100', '/bin/x 100 200', '/bin/x -u -']],
  ['/bin/x 100', 'partial', ['/bin/x 100', '/bin/x 100 200']],
  ['/bin/x 10', 'partial', []],
  ['/bin/x -', 'partial', []],
  ['x 100', undefined, ['x 100']],
] as const) {
  void t.test(`process ${process}, param_match ${paramMatch ?? 'not written'}`, async t => {
    const of = block(process, paramMatch && { paramMatch })
    t.strictSame(
      LINES.filter(line => isCounted(of, line.split(' '))),
      counted,
    )
  })
}

t.test('the name counts where neither parameters nor full_command are written', async t => {
  t.ok(isByName(block('x', { fullCommand: false })))
  t.notOk(isByName(block('x')))
  t.notOk(isByName(block('x 100', { fullCommand: false })))
  t.notOk(isCounted({ ...block('x'), process: [] }, []), 'nothing is no process')
})
