/* `uvs/replay`: a capture's frames through a director, on the capture's own clock. docs/library.md */
import { closeSync, openSync } from 'node:fs'
import { Replay } from '../../native-free/replay/replay.js'
import { timedRun } from '../../native-free/replay/timed-run.js'
import { CaptureReader } from '../capture/capture-reader.js'
import { CaptureError } from '../capture/capture-error.js'
import { PcapngWriter } from '../capture/pcapng-writer.js'
import { localControl } from '../control/operations/execute.js'
import type { Control } from '../control/protocol/api.js'
import type { Director } from '../director/director.js'
import { packageVersion } from '../package-version.js'
import { simulated, type SimulatedOptions } from './simulated.js'

export type { SimulatedOptions }

/** What is replayed, through what director. */
export interface ReplayOptions extends SimulatedOptions {
  /** The path of the capture: pcap or pcapng, of either byte order. */
  in: string
  /** A path: what came in and what was sent is written there as pcapng, each frame with a comment. It is overwritten. */
  out?: string
  /** Is called with each frame that came to the director, when it has been decided. An object for each: 300 000 a second without it. */
  each?: (frame: ReplayedFrame) => void
  /** What is done to the director meanwhile, so many ms after the first frame; in any order. */
  at?: readonly { ms: number; run: (control: Control) => Promise<unknown> | void }[]
}

/** A frame that came to the director: a line of `uvs replay --json`, docs/replay.md. */
export interface ReplayedFrame {
  /** Its number in the capture, from 1. */
  frame: number
  /** Seconds since 1970, UTC, with nanoseconds: a text, since a number would lose them. */
  time: string
  /** The director's, that it came in by. */
  interface: string
  /** A name of `uvs verdicts`: 'balanced', 'drop-no-service'. */
  verdict: string
  /** 'ADDRESS:PORT' of the packet; without a port where its protocol has none. Not there: no IPv4. */
  from?: string
  to?: string
  /** Of the packet that an ICMP error quotes. */
  errorAbout?: { from: string; to: string }
  /** 'TCP 10.0.0.100:80', 'FWM 7' */
  service?: string
  /** The connection that it is of, when all was done. */
  connection?: {
    protocol: string
    client: string
    virtual: string
    /** FULLNAT's local address and port. */
    local?: string
    server: string
    method: string
  }
  /** Not there: the frame opened the connection. */
  stateBefore?: string
  /** Not there: it has ended. */
  stateAfter?: string
  /** Seconds that the connection lives, if nothing more comes. */
  timeout?: number
  /** How many frames were sent for it. */
  sent: number
}

/** What became of a capture. */
export interface Replayed {
  /** Frames that were read, that came to the director, and that it sent. */
  readonly frames: { readonly read: number; readonly taken: number; readonly sent: number }
  /** From the first frame to the last. */
  readonly seconds: number
  /** How often there was each verdict, by its name; those of 0 are left out. */
  readonly verdicts: Readonly<Record<string, number>>
  /** Why the capture was not read to its end: it is corrupt there. Not there: it was. */
  readonly corrupt?: string
  /** As it is after the last frame, 2 s later, when its counters are shown. */
  readonly director: Director
  /** Lists that director's tables: `uvsadm(control, '-Ln --stats')`. */
  readonly control: Control
}

/**
 * Puts a capture's frames through a director, in the capture's own time: 900 seconds without a frame pass in milliseconds. The same
 * options give the same result, octet by octet. UsageError for options or rules that are wrong, a system error for a file that cannot be
 * opened, Error for a file that is no capture; of one that is corrupt what was read until there counts.
 */
export async function replay(options: ReplayOptions): Promise<Replayed> {
  const { begin, ...made } = simulated(options)
  const { each, at = [] } = options
  const fds: number[] = []
  const open = (path: string, how: 'r' | 'w'): number => {
    const fd = openSync(path, how)
    fds.push(fd)
    return fd
  }
  try {
    const capture = readerOf(open(options.in, 'r'), options.in)
    const out = options.out === undefined ? undefined : open(options.out, 'w')
    const names = made.links.map(({ name }) => name)
    const replayed = new Replay({
      ...made,
      capture,
      out: out === undefined ? undefined : new PcapngWriter(out, `uvs ${packageVersion()}`, names),
      tell: each && (line => each(JSON.parse(line.toString()) as ReplayedFrame)),
    })
    const control = localControl(replayed.director)
    await begin(control)
    replayed.settle()
    const steps = at.toSorted((one, other) => one.ms - other.ms)
    const corrupt = await timedRun(
      replayed,
      steps.map(({ ms, run }) => ({
        ms,
        async run() {
          await run(control)
          replayed.settle()
        },
      })),
    )
    return {
      frames: { ...replayed.frames },
      seconds: Math.max(replayed.clock.sinceStart, 0) / 1000,
      verdicts: verdictsOf(replayed.director),
      ...(corrupt && { corrupt: corrupt.message }),
      director: replayed.director,
      control,
    }
  } finally {
    for (const fd of fds) closeSync(fd)
  }
}

function readerOf(fd: number, path: string): CaptureReader {
  try {
    return new CaptureReader(fd)
  } catch (error) {
    throw error instanceof CaptureError ? new Error(`${path}: ${error.message}`) : error
  }
}
function verdictsOf({ verdictCounters }: Director): Record<string, number> {
  return Object.fromEntries(Object.entries(verdictCounters.byName()).filter(([, count]) => count > 0))
}
