import { CapturedFrame, type FormatReader } from '../../src/capture/captured-frame.js'
import { EthernetMaker, Made } from '../../src/capture/link-types.js'
import { slabOver } from '../../src/packet/frame.js'
import type { MacAddr } from '../../src/wire/addr.js'
import { ETHERNET_LEN } from '../../src/wire/ethernet.js'
import { IpProtocol } from '../../src/wire/ipv4.js'
import { FlowOfFrame } from '../replay/flow-of-frame.js'
import type { ClientFlow } from './flows-moved-frames.js'

const ROOM = 0x4_0000 + ETHERNET_LEN
/** Of each flow that is taken so many are remembered, others among them: a capture may have flows without end. */
const SEEN_A_FLOW = 4
const NOBODY: MacAddr = { hi: 0x0200, lo: 1 }

/** What a capture has of flows. */
export interface CapturedFlows {
  /** Each once, by its first packet, in their order. */
  flows: ClientFlow[]
  frames: number
  /** Flows for no virtual service: answers, and what is nothing to do with the director. */
  others: number
  /** Flows of SCTP to a virtual service: they are left out. */
  sctp: number
  /** There are more: `most` were taken, or too many others were among them. */
  isCut: boolean
}

/** Reads the flows to virtual services, `most` at most. CaptureError as the capture's reader. */
export function capturedFlows(
  capture: FormatReader,
  isForService: (flow: ClientFlow) => boolean,
  most: number,
  /** Is told after each frame. */
  reached: () => void = () => {},
): CapturedFlows {
  const found: CapturedFlows = { flows: [], frames: 0, others: 0, sctp: 0, isCut: false }
  const frame = new CapturedFrame()
  const maker = new EthernetMaker()
  const { bytes, view } = slabOver(new ArrayBuffer(ROOM))
  const read = new FlowOfFrame()
  const seen = new Set<string>()
  while (capture.next(frame)) {
    found.frames++
    reached()
    if (maker.make(frame, NOBODY, bytes, view, 0) !== Made.FRAME) continue
    read.read(view, 0, maker.len)
    const { protocol, srcAddr, srcPort, dstAddr, dstPort } = read
    if (protocol === 0 || read.isError || srcPort === 0) continue
    const name = `${protocol} ${srcAddr} ${srcPort} ${dstAddr} ${dstPort}`
    if (seen.has(name)) continue
    if (found.flows.length === most || seen.size === SEEN_A_FLOW * most) {
      found.isCut = true
      break
    }
    const flow = { protocol, srcAddr, srcPort, dstAddr, dstPort }
    seen.add(name)
    if (!isForService(flow)) found.others++
    else if (protocol === IpProtocol.SCTP) found.sctp++
    else found.flows.push(flow)
  }
  return found
}
