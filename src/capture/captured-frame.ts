import { NOWHERE } from '../wire/view.js'

/** Which way a frame went, where the capture says so. */
export const CapturedDirection = { UNKNOWN: 0, INBOUND: 1, OUTBOUND: 2 } as const
export type CapturedDirection = (typeof CapturedDirection)[keyof typeof CapturedDirection]

/** An interface that frames were captured at. */
export interface CaptureInterface {
  /** Its name, where the capture has one. */
  readonly name: string | undefined
  /** LinkType (link-types.ts), or one that is not known here. */
  readonly linkType: number
}

/** A frame of a capture: the same object for every frame. Its octets stay until the next one is read. */
export class CapturedFrame {
  bytes: Buffer = Buffer.alloc(0)
  view: DataView = NOWHERE
  /** Where it begins in `bytes`. */
  at = 0
  /** Octets that were captured. */
  len = 0
  /** Octets that it had on the wire. */
  originalLen = 0
  /** Which of the reader's interfaces. */
  interface = 0
  linkType = 0
  direction: CapturedDirection = CapturedDirection.UNKNOWN
  /** Since 1970, UTC. */
  seconds = 0
  nanoseconds = 0
}

/** Reads one format. */
export interface FormatReader {
  readonly interfaces: readonly CaptureInterface[]
  /** Reads the next frame into `frame`; false at the end. CaptureError where the file is corrupt or ends within something. */
  next(frame: CapturedFrame): boolean
}

/** More than any frame with any header: a captured length beyond this is a corrupt one. */
export const LONGEST_FRAME = 0x4_0000
