import type { Outcome } from '../../src/control/protocol/api.js'
import type { RecordedCase, SideFrame, Step } from './case.js'
import { Rig, type Mode } from './rig.js'

/* The rig's clock, in seconds: how long each step took when the kernel was recorded. */
const DO_SECONDS = 0.05
const SEND_SECONDS = 0.12
const TRACE_SEND_SECONDS = 0.005

/** What the director did in one step. */
export interface PlayedStep {
  out: SideFrame[]
  /** Name of the verdict on the frame that was sent. */
  verdict: string | undefined
  /** What the commands of a `do` printed. */
  result: Outcome | undefined
}

export interface Played {
  setup: Outcome
  steps: PlayedStep[]
  state: string
  /** What is wrong with who answers ARP, beside the kernel. */
  arp: string[]
}

/** Plays a recording's frames and commands on a fresh director. */
export async function play(recorded: RecordedCase, mode: Mode = {}): Promise<Played> {
  const rig = new Rig(mode)
  try {
    return await playOn(rig, recorded)
  } finally {
    rig.close()
  }
}

async function playOn(rig: Rig, recorded: RecordedCase): Promise<Played> {
  const setup = await rig.run(recorded.setup)
  rig.take()
  const steps: PlayedStep[] = []
  for (const step of recorded.steps) steps.push(await playStep(rig, step, recorded.trace))
  const state = await rig.run('ipvsadm -Lcn; ipvsadm -Ln --sort')
  return { setup, steps, state: state.out, arp: rig.askForAddresses() }
}

async function playStep(rig: Rig, step: Step, trace: boolean): Promise<PlayedStep> {
  let verdict: string | undefined
  let result: Outcome | undefined
  if (step.kind === 'send') verdict = rig.send(step.send.side, step.send.frame)
  if (step.kind === 'do') result = await rig.run(step.script)
  rig.advance(stepSeconds(step, trace) * 1000)
  return { out: rig.take(), verdict, result }
}

/** How long the recorder waited after a step. */
export function stepSeconds(step: Step, trace: boolean): number {
  if (step.kind === 'do') return step.quiet ?? DO_SECONDS
  if (step.kind === 'pause') return step.seconds
  return step.quiet ?? (trace ? TRACE_SEND_SECONDS : SEND_SECONDS)
}
