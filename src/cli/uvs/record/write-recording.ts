import { CapturedDirection } from '../../../capture/captured-frame.js'
import { PcapngWriter } from '../../../capture/pcapng-writer.js'
import type { Control, Reply } from '../../../control/protocol/api.js'
import type { RecordedFrame } from '../../../control/protocol/record.js'
import { packageVersion } from '../../../package-version.js'
import { adviceOn } from '../explain/advice.js'
import { PROGRAM } from './recording-file.js'

const NOTHING = { bytes: new Uint8Array(0), len: 0 }
const DROP = /^(?:drop-|refused$)/

/** What a recording holds. */
export interface Recording {
  /** The earliest first, of all workers together. */
  frames: readonly RecordedFrame[]
  dropped: number
  sampled: number
}

/** Fetches what the director has recorded. Throws its refusal as an Error of one line. */
export async function fetchRecording(control: Control): Promise<Recording> {
  const frames: RecordedFrame[] = []
  for (let from: number | null = 0; from !== null;) {
    const reply: Reply<'record'> = await control.call({ op: 'record', from })
    if (!reply.ok) throw new Error(reply.message)
    frames.push(...reply.value.frames)
    from = reply.value.next
  }
  frames.sort((one, other) => one.at - other.at || one.number - other.number)
  const dropped = frames.filter(({ verdict }) => DROP.test(verdict)).length
  return { frames, dropped, sampled: frames.length - dropped }
}

/** Writes it as pcapng: each frame with a comment. Throws a system error. */
export function writeRecording({ frames }: Recording, fd: number): void {
  const links = [...new Set(frames.map(({ link }) => link))]
  const out = new PcapngWriter(fd, `${PROGRAM} ${packageVersion()}`, links)
  for (const frame of frames) {
    const octets = Buffer.from(frame.octets, 'base64')
    const text = new TextEncoder().encode(commentOn(frame))
    const seconds = Math.floor(frame.at / 1000)
    out.frame(octets, 0, octets.length, {
      interface: links.indexOf(frame.link),
      seconds,
      nanoseconds: Math.min(999_999_999, Math.max(0, Math.round((frame.at - seconds * 1000) * 1e6))),
      direction: CapturedDirection.INBOUND,
      originalLen: frame.len,
      head: NOTHING,
      comment: { bytes: text, len: text.length },
    })
  }
  out.flush()
}

/** Why, of which service, where to, and what to do. */
export function commentOn({ verdict, service, server }: RecordedFrame): string {
  const of = service === undefined ? '' : `, for ${service}`
  const to = server === undefined ? '' : `, of a sampled connection to ${server}`
  const advice = adviceOn(verdict)
  return `${verdict}${of}${to}${advice === undefined ? '' : `: ${advice}`}`
}

export function counted({ frames, dropped, sampled }: Recording): string {
  return `${frames.length} frames, ${dropped} dropped or refused, ${sampled} of sampled connections`
}
