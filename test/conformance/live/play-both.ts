import type { DoStep, RecordedCase, SendStep, Step } from '../case.js'
import type { Mode } from '../rig.js'
import type { Kernel } from './kernel.js'
import type { LiveStep, Scenario } from './scenario.js'
import { STATE, UvsSide } from './uvs-side.js'
import { Wires } from './wires.js'

/** The kernel's jiffies are 10 ms: what it does at the next tick is done by then. */
const SETTLE_SECONDS = 0.025
/** In which the kernel has dealt with a step, mostly. */
const STEP_SECONDS = { do: 0.15, pause: 0 }
const SEND_SECONDS = 0.03

/** The kernel, and how uvs lives. */
export interface Directors {
  kernel: Kernel
  mode: Mode
}

/**
 * Plays a scenario on both directors, each step on uvs first. The kernel goes on as soon as a step is dealt with and the
 * frames that uvs sent are there, or after 0.3 s. Answers what the kernel did, with the times that it really took: uvs's
 * clock goes by them. Where timers are about to run out both wait for that, by pauses that the answer has too. Throws
 * KernelDown when a frame is not dealt with.
 */
export async function playOnBoth({ kernel, mode }: Directors, scenario: Scenario): Promise<RecordedCase> {
  const uvs = await UvsSide.start(scenario, mode)
  kernel.reset()
  const result = kernel.run(setupScript(scenario.setup))
  const went = result.status === 0 && result.err === ''
  const both = new Both(kernel, uvs, endsOthers(scenario) ? SETTLE_SECONDS : 0)
  for (const step of scenario.steps) await both.play(step)
  return {
    name: scenario.name,
    setup: scenario.setup.join('\n'),
    setupResult: went ? undefined : result,
    steps: both.steps,
    state: both.state(),
    trace: false,
    chosen: undefined,
  }
}

/** Whether packets may end the connections that they are no part of, which the kernel does at its next jiffy. */
function endsOthers({ setup, steps }: Scenario): boolean {
  return [...setup, ...steps.map(step => (step.kind === 'do' ? step.script : ''))].some(script =>
    script.includes('expire_nodest_conn'),
  )
}

/** The lines with as few programs to start as may be: that is what takes time. `ipvsadm -R` says what it is refused. */
function setupScript(lines: readonly string[]): string {
  const rules = lines.filter(line => /^ipvsadm -[Aa] /.test(line)).map(line => line.slice('ipvsadm '.length))
  const sysctls = lines.filter(line => line.startsWith('sysctl -w ')).map(line => line.slice('sysctl -w '.length))
  const others = lines.filter(line => !/^(ipvsadm -[Aa]|sysctl -w) /.test(line))
  if (sysctls.length > 0) others.push(`sysctl -qw ${sysctls.join(' ')}`)
  return [...others, 'ipvsadm -R <<END', ...rules, 'END', ''].join('\n')
}

class Both {
  readonly steps: Step[] = []
  readonly #kernel: Kernel
  readonly #uvs: UvsSide
  readonly #wires: Wires
  /** Seconds that a step takes at least. */
  readonly #least: number

  constructor(kernel: Kernel, uvs: UvsSide, least: number) {
    this.#kernel = kernel
    this.#uvs = uvs
    this.#wires = new Wires(kernel)
    this.#wires.drain()
    this.#least = least
  }

  async play(step: LiveStep): Promise<void> {
    this.#waitForTimers(step.kind === 'do' || step.kind === 'pause' ? STEP_SECONDS[step.kind] : SEND_SECONDS)
    if (step.kind === 'pause') {
      this.#pause(step.seconds)
      return
    }
    const start = performance.now()
    const least = this.#uvs.mayEndOthers(step) ? SETTLE_SECONDS : this.#least
    const played = await this.#uvs.play(step)
    const onKernel = this.#playOnKernel(played)
    sleep(step.kind === 'do' ? least : least - secondsSince(start))
    const quiet = secondsSince(start)
    this.#took({ ...onKernel, quiet }, quiet)
  }

  state(): string {
    this.#waitForTimers(STEP_SECONDS.do)
    return this.#kernel.run(STATE).out
  }

  #playOnKernel(played: SendStep | DoStep): SendStep | DoStep {
    if (played.kind === 'send') return { ...played, out: this.#wires.exchange(played.send, played.out.length) }
    return { ...played, result: this.#kernel.run(played.script), out: this.#wires.drain() }
  }

  /** Until none is to run out in the next `ahead` seconds on one director and perhaps not on the other. */
  #waitForTimers(ahead: number): void {
    for (;;) {
      const seconds = this.#uvs.uncertainSeconds(ahead)
      if (seconds === 0) return
      this.#pause(seconds)
    }
  }

  #pause(seconds: number): void {
    const start = performance.now()
    sleep(seconds)
    const took = secondsSince(start)
    this.#took({ kind: 'pause', note: '', seconds: took, out: this.#wires.drain() }, took)
  }

  #took(step: Step, seconds: number): void {
    this.steps.push(step)
    this.#uvs.advance(seconds)
  }
}

function sleep(seconds: number): void {
  if (seconds <= 0) return
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000)
}

function secondsSince(start: number): number {
  return Math.max(0.001, Math.round(performance.now() - start) / 1000)
}
