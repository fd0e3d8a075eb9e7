import type { KeptFront } from '../ebpf/front-attachment.js'
import type { FlowMaps } from '../ebpf/flow-parts.js'
import { makeRun, removeRun, runsOf } from '../ebpf/kept-folder.js'
import { isAlive, LeftDirector, pinMaps } from '../ebpf/left-director.js'
import { RawDevice } from '../io/raw-device.js'
import type { Device } from '../packet/device.js'
import type { LeftFlows } from '../packet/kept-flow.js'

/** Whether flows are to outlive the director, and by which control socket it is told from others. */
export interface KeepOptions {
  readonly control: string
  /** Without it what earlier directors have left is removed. */
  readonly isAsked: boolean
}

/**
 * What outlives this director, and what earlier ones have left. Where it cannot be had the director works without: `say` is told why, in
 * a line.
 */
export class KeptFlows {
  readonly #left: LeftDirector[] = []
  readonly #say: (line: string) => void
  #run: string | undefined

  /** Looks for what was left: removes it, unless it `isAsked` to take it over and to keep its own. */
  constructor({ control, isAsked }: KeepOptions, say: (line: string) => void) {
    this.#say = say
    try {
      const runs = runsOf(control).filter(run => !isAlive(run))
      if (isAsked) {
        for (const run of runs) this.#open(run)
        this.#run = makeRun(control)
        return
      }
      for (const run of runs) removeRun(run)
      if (runs.length > 0) say('flows that an earlier director had kept are removed: --keep-flows takes them over')
    } catch (error) {
      this.#without(messageOf(error), isAsked)
    }
  }

  /** Whether flows are kept. */
  get isOn(): boolean {
    return this.#run !== undefined
  }
  /** For a device's front. */
  get front(): KeptFront | undefined {
    if (this.#run === undefined) return undefined
    const after: Record<number, number> = {}
    for (const { links } of this.#left) for (const [ifindex, link] of links) after[ifindex] = link
    return { run: this.#run, after }
  }
  /** Gives the maps of this director their names. `maps`: undefined where no flow is handed to a program. */
  pin(maps: FlowMaps | undefined): void {
    if (this.#run === undefined) return
    try {
      if (maps === undefined) this.#without('no flow is offloaded', true)
      else pinMaps(this.#run, maps)
    } catch (error) {
      this.#without(messageOf(error), true)
    }
  }
  /** All devices are open: from now on earlier directors' flows are this one's to take over. Returns them. */
  handOver(devices: readonly Device[]): LeftFlows[] {
    if (this.#run === undefined) return []
    if (!devices.every(device => device instanceof RawDevice && device.isKept))
      this.#without('this kernel has no tcx (Linux 6.6), or the program cannot be pinned', true)
    for (const left of this.#left) left.handOver()
    return this.#left.map(({ flows }) => flows)
  }
  /** Of a director that ends as it was told to: nothing is left of it. Its devices are closed. */
  close(): void {
    if (this.#run !== undefined) removeRun(this.#run)
    this.#run = undefined
  }
  /** The start has failed: what was found is for the next one. */
  giveUp(): void {
    this.close()
    for (const left of this.#left.splice(0)) left.letBe()
  }

  #open(run: string): void {
    try {
      this.#left.push(new LeftDirector(run))
    } catch (error) {
      removeRun(run)
      this.#say(`what an earlier director had kept in ${run} is removed: ${messageOf(error)}`)
    }
  }
  #without(why: string, isAsked: boolean): void {
    const what = isAsked ? 'no flow is kept' : 'what an earlier director may have kept is not looked at'
    this.#say(`${what}: ${why}`)
    this.close()
    for (const left of this.#left.splice(0)) left.remove()
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
