/*
 * The frames that the recorded cases send, put into a capture and replayed, give the kernel's frames, verdicts of commands and tables,
 * compared as `npm run conformance` compares them.
 */
import { closeSync, openSync } from 'node:fs'
import { basename, join } from 'node:path'
import t, { type Test } from 'tap'
import { Replay } from '../../../native-free/replay/replay.js'
import { CaptureReader } from '../../../src/capture/capture-reader.js'
import { PcapngWriter } from '../../../src/capture/pcapng-writer.js'
import { localControl } from '../../../src/control/operations/execute.js'
import { runScript } from '../../../src/cli/uvs/rules/script.js'
import type { Outcome } from '../../../src/control/protocol/api.js'
import { parseMac } from '../../../src/wire/addr.js'
import type { RecordedCase, SideFrame, Step } from '../../conformance/case.js'
import { compare } from '../../conformance/compare.js'
import { caseFiles, loadCase, OWN_CASES } from '../../conformance/files.js'
import { stepSeconds, type Played } from '../../conformance/play.js'
import { ADDRESSES, GATEWAY, LINKS, NEIGHBOURS, SIDES, VIPS } from '../../conformance/rig-network.js'
import { captureFile, interfaceBlock, option, packetBlock, readCapture, section } from '../../support/capture-files.js'
import { ethernet } from '../../support/frames.js'
import { concat } from '../../support/octets.js'
import { tempDir } from '../../support/temp.js'

const BEGIN_S = 1_700_000_000
const ARP = 0x0806
/** When the first of its frames may come: behind the setup. */
const FIRST_MS = 10
/** Of no protocol that anybody speaks here: it only starts the clock. */
const STARTER = ethernet(0x88b5, new Uint8Array(46))

const sleeps = (script: string): number =>
  [...script.matchAll(/\bsleep ([\d.]+)/g)].reduce((sum, [, s]) => sum + Number(s), 0)

/** When each step begins, and when all has ended, in ms since the setup. */
function timesOf({ setup, steps, trace }: RecordedCase): number[] {
  const times = [FIRST_MS + sleeps(setup) * 1000]
  for (const step of steps) {
    const slept = step.kind === 'do' ? sleeps(step.script) : 0
    times.push(Math.round(times.at(-1)! + (slept + stepSeconds(step, trace)) * 1000))
  }
  return times
}

/** A capture of what the case sends, an interface for each side. */
function captureOf(t: Test, { steps }: RecordedCase, times: readonly number[]): string {
  const packets = steps.flatMap((step: Step, i) =>
    step.kind === 'send' ? [packetBlock('big', SIDES.indexOf(step.send.side), ticks(times[i]!), step.send.frame)] : [],
  )
  const interfaces = LINKS.map(({ name }) => interfaceBlock('big', 1, option('big', 2, new TextEncoder().encode(name))))
  return captureFile(
    t,
    concat(section('big'), ...interfaces, packetBlock('big', 0, ticks(0), STARTER), ...packets),
    'in',
  )
}
const ticks = (ms: number): bigint => BigInt(BEGIN_S) * 1_000_000n + BigInt(ms) * 1000n

async function replayed(t: Test, recorded: RecordedCase): Promise<Played> {
  const times = timesOf(recorded)
  const path = join(tempDir(t), 'out.pcapng')
  const [input, output] = [openSync(captureOf(t, recorded, times), 'r'), openSync(path, 'w')]
  const replay = new Replay({
    capture: new CaptureReader(input),
    links: LINKS.map(({ mac, ...link }) => ({ ...link, mac: parseMac(mac)!, takesAll: false })),
    director: {
      addresses: ADDRESSES,
      vips: VIPS,
      routes: [`default=${GATEWAY}`],
      neighbours: NEIGHBOURS,
      seed: 1,
      maxConnections: 4096,
      icmpRatelimit: 0,
    },
    hasStandIns: false,
    out: new PcapngWriter(
      output,
      'test',
      LINKS.map(({ name }) => name),
    ),
  })
  const control = localControl(replay.director)
  let at = 0
  const script = async (text: string): Promise<Outcome> => {
    const outcome = await runScript(text, control, {
      sleep: seconds => Promise.resolve(replay.passUntil((at += seconds * 1000))),
    })
    replay.settle()
    return outcome
  }
  replay.run(1, Infinity)
  const setup = await script(recorded.setup)
  const results: (Outcome | undefined)[] = []
  for (const [i, step] of recorded.steps.entries()) {
    at = times[i]!
    replay.run(at, Infinity)
    replay.passUntil(at)
    results.push(step.kind === 'do' ? await script(step.script) : undefined)
  }
  replay.run(times.at(-1)!, Infinity)
  replay.passUntil(times.at(-1)!)
  const state = (await runScript('ipvsadm -Lcn; ipvsadm -Ln --sort', control, { sleep: async () => {} })).out
  replay.end()
  for (const fd of [input, output]) closeSync(fd)
  return { setup, steps: stepsOf(path, times, results), state, arp: [] }
}

/** What was sent, by the step in whose time it was. */
function stepsOf(path: string, times: readonly number[], results: (Outcome | undefined)[]): Played['steps'] {
  const { frames } = readCapture(path)
  const sent = frames.filter(({ direction, frame }) => direction === 2 && ((frame[12]! << 8) | frame[13]!) !== ARP)
  return results.map((result, i) => {
    const out = sent
      .filter(({ time }) => msOf(time) >= times[i]! && msOf(time) < times[i + 1]!)
      .map((each): SideFrame => ({ side: SIDES[each.interface]!, frame: each.frame }))
    return { out, verdict: undefined, result }
  })
}
const msOf = (time: string): number =>
  Number((BigInt(time.replace('.', '')) - BigInt(BEGIN_S) * 1_000_000_000n) / 1_000_000n)

t.test('the recorded frames give the kernel’s', async t => {
  const files = OWN_CASES.flatMap(caseFiles)
  t.ok(files.length >= 172, `${files.length} cases, none left out`)
  for (const path of files) {
    const recorded = loadCase(path)
    t.strictSame(compare(recorded, await replayed(t, recorded)), [], basename(path))
  }
})

t.test('another answer would be seen', async t => {
  const recorded = loadCase(OWN_CASES.flatMap(caseFiles).find(path => path.endsWith('dr.json'))!)
  const played = await replayed(t, recorded)
  const frame = played.steps.flatMap(({ out }) => out)[0]!.frame
  frame[frame.length - 1]! ^= 1
  t.not(compare(recorded, played).length, 0)
})
