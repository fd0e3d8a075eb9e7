import type { FlowMaps } from '../../src/ebpf/flow-parts.js'
import type { ProgramFlows } from '../../src/ebpf/program-flows.js'
import { FlowForm } from '../../src/packet/flow-slot.js'
import type { MacAddr } from '../../src/wire/addr.js'
import type { Sent } from '../support/bench-director.js'
import { virtioHeader } from '../support/frames.js'
import { apartFrames, framesOf, tunnelFramesOf, type LiveFrame } from './live-frames.js'
import { FlowBench, type BenchFlow } from './flow-bench.js'
import { TunnelBench, type TunnelFlow } from './tunnel-bench.js'

/* Flows that the flow program forwards on a wire (flow-wires.ts), and what is to become of their frames. */

export const LARGE_MTU = 9000
/** The longest frame of segments on a wire for which they are cut. */
const CUT = 3000

/** Flows of which frames are sent, and what is to become of those. */
export interface WiredBench {
  readonly maps: FlowMaps
  readonly table: ProgramFlows
  readonly flows: readonly BenchFlow[]
  framesOf(flow: BenchFlow): Iterable<LiveFrame>
  /** What leaves, by 'c' or 'r'. */
  sent(each: LiveFrame, flow: BenchFlow): Pick<Sent, 'link' | 'frame' | 'header'> | undefined
  /** Longer frames are cut before they leave: what leaves are segments, in all their headers like `sent`. */
  readonly mostOctets?: number
  close(): void
}
/** Where the frames of each wire go, in the order of WIRES (flow-wires.ts). */
export interface Ends {
  readonly macs: readonly MacAddr[]
  readonly ifindexes: readonly number[]
}

/** Flows by NAT, FULLNAT and direct routing. */
export function rewrittenFlows(ends: Ends): WiredBench {
  const bench = new FlowBench(ends)
  return wired(bench, flow => framesOf(flow, (flow.form & FlowForm.OUTBOUND) !== 0 ? 1400 : 1500))
}
/** The same over links of a large MTU, with frames whose headers are not in the memory that a program sees at first. */
export function apartFlows(ends: Ends): WiredBench {
  return wired(new FlowBench(ends, [LARGE_MTU, LARGE_MTU, LARGE_MTU]), apartFrames)
}
function wired(bench: FlowBench, frames: (flow: BenchFlow) => Iterable<LiveFrame>): WiredBench {
  return {
    maps: bench.maps,
    table: bench.table,
    flows: bench.flows,
    framesOf: frames,
    sent: ({ frame, header, isInner }) => {
      const sent = bench.forwardedWith(frame, isInner ? virtioHeader() : header)
      return sent && { ...sent, header: isInner ? header : sent.header }
    },
    close: () => bench.close(),
  }
}
/** Flows into tunnels, by the wires 'in' and 'r'. */
export function tunnelFlows({ macs, ifindexes }: Ends): WiredBench {
  const bench = new TunnelBench({ macs: [macs[0]!, macs[2]!], ifindexes: [ifindexes[0]!, ifindexes[2]!] })
  const of = ({ slot }: BenchFlow): TunnelFlow => bench.flows.find(each => each.slot === slot)!
  return {
    maps: bench.maps,
    table: bench.table,
    flows: bench.flows,
    framesOf: flow => tunnelFramesOf(of(flow)),
    sent: ({ frame, header }, flow) => {
      const { overhead } = of(flow)
      return { link: 'r', frame: bench.wrappedWhole(frame, of(flow)), header: behindOuter(header, overhead) }
    },
    close: () => bench.close(),
  }
}
/** The virtio-net header of a frame, where its checksum's place has moved by outer headers. */
function behindOuter(header: Uint8Array, overhead: number): Uint8Array {
  const moved = header.slice()
  if ((header[0]! & 1) !== 0) moved[6]! += overhead
  return moved
}

/** Segments into tunnels over wires that the kernel cuts them for: with what it has been told of the outer headers. */
export function cutFlows(ends: Ends): WiredBench {
  const bench = tunnelFlows(ends)
  return {
    ...bench,
    mostOctets: CUT,
    framesOf: flow => [...bench.framesOf(flow)].filter(({ header, frame, isUp }) => isCut(header, frame) && !isUp),
  }
}
function isCut(header: Uint8Array, frame: Uint8Array): boolean {
  return (header[4]! | header[5]!) !== 0 && frame.length > CUT
}
