import t, { type Test } from 'tap'
import { conformance, nobodySent, playCase } from './conformance.js'
import { OWN_CASES } from './files.js'
import { besideScenario } from './live/beside-scenario.js'
import { generate } from './live/generate.js'
import { talkativeScenario } from './live/talkative-scenario.js'
import { playOnUvsAlone } from './live/uvs-alone.js'
import { modeWords, takeMode } from './mode-words.js'
import type { Mode } from './rig.js'

/* Flows that a program forwards from their first packets on: nobody sees a difference. */

const [SEED, SCENARIOS] = [4242, 30]
const skip = process.getuid?.() === 0 ? false : 'not root: the kernel takes no programs'

async function same(t: Test, mode: Mode): Promise<void> {
  const sent = nobodySent()
  for (let index = 0; index < SCENARIOS; index++) {
    const drawn = talkativeScenario(generate(SEED, index))
    const alone = await playOnUvsAlone(mode.isBeside ? besideScenario(drawn) : drawn)
    t.strictSame(await playCase(alone, mode, sent), [], alone.name)
  }
  t.ok(sent.program > SCENARIOS, `the program forwarded ${sent.program}`)
}

async function recordings(t: Test, mode: Mode): Promise<void> {
  const lines: string[] = []
  t.equal(await conformance(OWN_CASES, line => lines.push(line), mode), true)
  t.match(
    lines.at(-1),
    /^19[34] passed, 0 failed.*; the program forwarded [1-9]\d*, into tunnels [7-9] by IPIP, [7-9] by GRE, [7-9] by GUE$/,
  )
}

t.test('every recording, with the twin of the program', t => recordings(t, { offload: 'simulated' }))
t.test('every recording, with the program itself', { skip }, t => recordings(t, { isBeside: true, offload: 'program' }))
t.test('random scenarios, with the twin of the program', t => same(t, { offload: 'simulated' }))
t.test('the same beside the kernel', t => same(t, { isBeside: true, offload: 'simulated' }))
t.test('the same with the program itself', { skip }, t => same(t, { isBeside: true, offload: 'program' }))

t.test('words of a mode', async t => {
  for (const words of ['', '--beside ', '--offload ', '--beside --offload=program ']) {
    const { mode, others } = takeMode([...words.split(' ').filter(Boolean), 'x'])
    t.strictSame([modeWords(mode), others], [words, ['x']])
  }
  t.throws(() => takeMode(['--offload=kernel']), { message: "'--offload=kernel': --offload, or --offload=program" })
})
