import { JointControl } from '../../src/plane/joint-control.js'
import { SteeredAddresses } from '../../src/plane/steered-addresses.js'
import type { Control } from '../../src/control/protocol/api.js'
import { replyOfJson } from '../../src/control/protocol/reply-json.js'
import type { DirectorOptions } from '../../src/director/options.js'
import { WorkerChoice } from '../../src/ebpf/worker-choice.js'
import { SharedCounts } from '../../src/service/shared-counts.js'
import { parseIpv4 } from '../../src/wire/addr.js'
import { BenchDirector, DIP_C, DIP_R, type Sent } from '../support/bench-director.js'

/** A worker's director, which answers some turns after it was asked, in order. */
function asked(bench: BenchDirector, turns: number): Control {
  return {
    async call(request) {
      const reply = JSON.stringify(await bench.control.call(request))
      for (let i = 0; i < turns; i++) await undefined
      return replyOfJson(reply) as never
    },
  }
}

/** Several directors between the wires of `BenchDirector`, each frame steered to one of them, and asked as one. */
export class SteeredBench {
  readonly benches: readonly BenchDirector[]
  readonly control: JointControl
  readonly choice: WorkerChoice
  readonly problems: string[] = []

  constructor(of: number, options: Partial<DirectorOptions> = {}) {
    const counts = new SharedCounts()
    const clientMask = options.clientMask ?? parseIpv4('255.255.255.255')!
    this.benches = Array.from(
      { length: of },
      (_, index) => new BenchDirector({ ...options, clientMask, seed: index, worker: { index, of, counts } }),
    )
    this.choice = new WorkerChoice({ workers: of, mask: clientMask, seed: 7 })
    const report = (problem: string): void => void this.problems.push(problem)
    const addresses = new SteeredAddresses(this.choice, { addresses: [`${DIP_C}/24@c`, `${DIP_R}/24@r`] }, report)
    const workers = this.benches.map((bench, index) => asked(bench, 3 * index))
    this.control = new JointControl(workers, report, addresses)
  }

  /** The worker that a frame of IPv4 is for. */
  workerOf(frame: Uint8Array): number {
    return this.choice.of(new DataView(frame.buffer, frame.byteOffset), 14, frame.length - 14)
  }
  receive(link: string, frame: Uint8Array): string {
    return this.benches[this.workerOf(frame)]!.receive(link, frame)
  }
  poll(ms: number): void {
    for (const bench of this.benches) bench.poll(ms)
  }
  take(): Sent[] {
    return this.benches.flatMap(bench => bench.take())
  }
}
