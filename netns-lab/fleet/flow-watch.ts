/* Which director the router sends each download to: seen where its packets come in. */
import {
  assembleFilter,
  hear,
  jumpIfNotEqual,
  jumpIfSet,
  load16,
  load32,
  load8,
} from '../../src/linux/classic-filter.js'
import { parseIpv4 } from '../../src/wire/addr.js'
import { ETHERNET_LEN, EtherType } from '../../src/wire/ethernet.js'
import { IPV4_MIN_LEN, IpProtocol } from '../../src/wire/ipv4.js'
import { TCP_MIN_LEN } from '../../src/wire/tcp.js'
import type { Capture } from '../capture.js'
import { readTcpFrame } from '../read-frame.js'
import type { FleetLab } from './fleet-lab.js'
import { CLIENT, type DirectorName, DIRECTORS } from './fleet-plan.js'

const PROTOCOL = ETHERNET_LEN + 9
const SOURCE = ETHERNET_LEN + 12
const SOURCE_PORT = ETHERNET_LEN + IPV4_MIN_LEN
/** Downloads come from ports with the second of these bits and without the first (fleet-client.ts). */
const [NOT_DOWNLOAD, DOWNLOAD] = [0x8000, 0x4000]

const FILTER = assembleFilter([
  load16(12),
  jumpIfNotEqual(EtherType.IPV4, 'leave'),
  load8(PROTOCOL),
  jumpIfNotEqual(IpProtocol.TCP, 'leave'),
  load32(SOURCE),
  jumpIfNotEqual(parseIpv4(CLIENT)! >>> 0, 'leave'),
  load16(SOURCE_PORT),
  jumpIfSet(NOT_DOWNLOAD, 'leave'),
  jumpIfSet(DOWNLOAD, 'hear'),
  'leave',
  hear(0),
  'hear',
  hear(ETHERNET_LEN + IPV4_MIN_LEN + TCP_MIN_LEN),
])

/** Looks at the directors' wires all the time. */
export class FlowWatch {
  /** By flowKey: where its last packet came in. */
  readonly at = new Map<string, DirectorName>()
  /** Frames that the capture had no room for. */
  lost = 0
  readonly #capture: Capture

  private constructor(capture: Capture) {
    this.#capture = capture
  }

  static async begin(lab: FleetLab): Promise<FlowWatch> {
    // Not imported above: it needs native code, and `uvs lab --help` does not.
    const { Capture } = await import('../capture.js')
    const there = new Map(DIRECTORS.map(name => [name, `/run/netns/${lab.spaces.full(name)}`]))
    return new FlowWatch(Capture.open(there, FILTER))
  }

  /** Takes what has come. */
  look(): void {
    this.lost += this.#capture.lost()
    for (const { space, octets, ethernet } of this.#capture.take()) {
      const frame = readTcpFrame(octets, ethernet)
      if (frame) this.at.set(`${frame.dst} ${frame.sport}`, space as DirectorName)
    }
  }

  close(): void {
    this.#capture.close()
  }
}
