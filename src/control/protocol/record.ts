import { pageNumber } from './check.js'
import { takes } from './shape.js'

/** A frame that the flight recorder has kept, as it came in; one that was held, as it was held. */
export interface RecordedFrame {
  /** ms since 1970. */
  at: number
  /** The order of a worker's frames of the same ms. */
  number: number
  link: string
  /** A name of `verdicts`. */
  verdict: string
  /** Octets that it had; `octets`, base64, may be its beginning. */
  len: number
  octets: string
  /** The virtual service that its destination is of. */
  service?: string
  /** Of a sampled connection: its real server. */
  server?: string
}
export interface RecordPage {
  frames: RecordedFrame[]
  /** Where the next page starts; null after the last. */
  next: number | null
}

export const record = {
  /** What the flight recorder has, in pages, in no order. */
  record: takes({ from: pageNumber }).returns<RecordPage>(),
}
