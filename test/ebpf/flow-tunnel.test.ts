import t from 'tap'
import { ProgramFront } from '../../src/ebpf/program-front.js'
import { seed } from '../support/properties.js'
import { TestRun } from './test-run.js'
import { firstUnwrapped, TunnelBench } from './tunnel-bench.js'

/*
 * Frames of flows that go into tunnels, through the flow program as the keeper has told it, and through a director that sees
 * every frame.
 */

const skip = process.getuid?.() === 0 ? false : 'not root: the kernel takes no programs'
const FRAMES = Number(process.env['UVS_FRAMES'] ?? 20_000)

t.test('frames are wrapped as by the whole path, or come up for a reason', { skip, timeout: 240_000 }, async t => {
  const bench = new TunnelBench()
  const front = new ProgramFront({ flows: bench.maps })
  const { cases, counts } = bench.makeCorpus(seed, FRAMES)
  const runs = [new TestRun(), new TestRun(true)]
  t.equal(firstUnwrapped(runs, front.programFd('exclusive'), cases), undefined)
  t.comment(counts)
  t.ok(counts['wrapped']! > FRAMES / 10, `${counts['wrapped']} wrapped`)
  for (const why of ['GSO', 'no DF', 'options that may claim an address', 'no ACK, or FIN or RST'])
    t.ok(counts[why]! > 20, `${why}: ${counts[why]}`)
  t.equal(bench.table.lost, 0)
  front.close()
  bench.close()
})
