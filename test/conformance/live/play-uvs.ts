import { brief } from '../../support/frames.js'
import { Chunk } from '../../support/sctp.js'
import type { Step } from '../case.js'
import { Rig } from '../rig.js'
import { errorFrame, packetFrame } from './live-frames.js'
import { Routes } from './routes.js'
import type { LiveStep, Scenario } from './scenario.js'

/** What a step takes, at least: the real times are put in when the kernel plays (play-kernel.ts). */
const SEND_SECONDS = 0.005
const DO_SECONDS = 0.05
/** A packet that begins a connection anew may tell the old one to expire, which the kernel does at its next tick of 10 ms. */
const SETTLE_SECONDS = 0.025

/** uvs could not play it: why. */
export class Unplayable extends Error {
  override readonly name = 'Unplayable'
}

/**
 * Plays a scenario on a fresh director, first, and answers its steps as a recording has them: with the frames that were
 * sent (an answer comes from the server that the director chose), and with what uvs did.
 */
export async function playOnUvs(scenario: Scenario): Promise<Step[]> {
  const rig = new Rig()
  const { status, err } = await rig.run(scenario.setup.join('\n'))
  if (status !== 0 || err !== '') throw new Unplayable(`the setup: status ${status}, ${err}`)
  rig.take()
  const routes = new Routes()
  const steps: Step[] = []
  for (const step of scenario.steps) steps.push(await playStep(rig, routes, step))
  return steps
}

async function playStep(rig: Rig, routes: Routes, step: LiveStep): Promise<Step> {
  if (step.kind === 'pause') {
    rig.advance(step.seconds * 1000)
    return { kind: 'pause', note: '', seconds: step.seconds, out: rig.take() }
  }
  if (step.kind === 'do') {
    const result = await rig.run(step.script)
    rig.advance(DO_SECONDS * 1000)
    return { kind: 'do', note: '', script: step.script, result, out: rig.take(), quiet: DO_SECONDS }
  }
  const to = routes.of(step.flow)
  const frame = step.kind === 'packet' ? packetFrame(step, to) : errorFrame(step, to)
  rig.send(step.from, frame)
  const quiet = routes.has(step.flow) && beginsAnew(step) ? SETTLE_SECONDS : SEND_SECONDS
  rig.advance(quiet * 1000)
  const out = rig.take()
  if (step.kind === 'packet' && step.from === 'c') routes.learn(step.flow, out)
  return { kind: 'send', note: `${step.from}: ${brief(frame)}`, send: { side: step.from, frame }, out, quiet }
}

function beginsAnew(step: LiveStep): boolean {
  if (step.kind !== 'packet' || step.from !== 'c') return false
  return step.shape.flags?.includes('S') === true || step.shape.chunks?.[0] === Chunk.INIT
}
