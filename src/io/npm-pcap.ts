import { createRequire } from 'node:module'
import { UnusableError } from './unusable-error.js'

/** The release that uvs has been tried with. */
const RELEASE = 'pcap@3.1.0'
const HOW = `apt-get install libpcap-dev g++ make python3; npm install --no-save ${RELEASE} (docs/director.md)`

/**
 * What uvs uses of npm's `pcap`: its compiled part, since its session lives on an event loop, to which the data plane's thread never
 * returns, and makes objects of each frame.
 */
export interface PcapBinding {
  PcapSession: new () => PcapSession
}
export interface PcapSession {
  /** Returns the link type's name. Throws an Error with libpcap's message. `immediate`: timeout 0. */
  open_live(
    name: string,
    filter: string,
    bufferOctets: number,
    snapLen: number,
    dumpTo: '',
    taken: () => void,
    isMonitor: false,
    timeout: 0,
    warn: (text: string) => void,
    isPromiscuous: boolean,
  ): string
  /**
   * Takes all frames that wait: puts each into `frame`, its times and lengths (caplen at 8) into `header`, and calls `taken`. Returns 0, or
   * less than that if no more can be read.
   */
  dispatch(frame: Buffer, header: Buffer): number
  /** Throws an Error if the frame is not taken. */
  inject(frame: Buffer): void
  stats(): { ps_drop: number; ps_ifdrop: number }
  /** The next dispatch closes it. */
  close(): void
}

/** Loads it. UnusableError, which says what to install, where it is not. `load` finds a module by its name. */
export function npmPcap(load: (name: string) => unknown = createRequire(import.meta.url)): PcapBinding {
  try {
    return load('pcap/build/Release/pcap_binding') as PcapBinding
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND'
    const why = isMissing
      ? "npm's pcap is not installed, or was not compiled"
      : `npm's pcap cannot be loaded: ${String((error as Error).message).split('\n', 1)[0]!}`
    throw new UnusableError(`--libpcap: ${why}: ${HOW}`)
  }
}
