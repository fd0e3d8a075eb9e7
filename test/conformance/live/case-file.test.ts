import t from 'tap'
import { parseCase } from '../case.js'
import { playCase } from '../conformance.js'
import { caseText } from './case-file.js'
import { generate } from './generate.js'
import { findingLines } from './report-finding.js'
import { playOnUvsAlone } from './uvs-alone.js'

t.test('a file says all that there is to compare, and uvs does the same twice', async t => {
  for (let index = 0; index < 20; index++) {
    const played = await playOnUvsAlone(generate(5, index))
    t.strictSame(parseCase(caseText(played)), played, played.name)
    t.strictSame(await playCase(played), [], played.name)
  }
})

t.test('a finding is a script, what differs, and how to play it', async t => {
  const played = await playOnUvsAlone(generate(5, 1))
  const lines = findingLines({ ...played, setup: 'ipvsadm -A -t 10.99.1.100:80' }, ['step 0: x'], '/tmp/file.json')
  t.equal(lines[0], 'FAIL  live-5-1')
  t.equal(lines[1], '      | ipvsadm -A -t 10.99.1.100:80')
  t.match(lines[2], /^ {6}\| 0: /)
  t.equal(lines.length, 2 + played.steps.length + 3)
  t.strictSame(lines.slice(-2), ['      step 0: x', '      to play it: npm run conformance -- /tmp/file.json'])
})
