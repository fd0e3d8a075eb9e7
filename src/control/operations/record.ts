import type { Director } from '../../director/director.js'
import type { FlightRecorder, Recorded } from '../../director/flight-recorder.js'
import { verdictNames } from '../../packet/verdict.js'
import { formatIpv4 } from '../../wire/addr.js'
import type { RecordedFrame, RecordPage, record as shapes } from '../protocol/record.js'
import { Refused } from '../protocol/refusal.js'
import { serviceOfFrame } from './drops.js'
import type { OperationsOf } from './operation.js'

/** A page ends with so many frames: some tenths of a millisecond. */
const FRAMES_PER_PAGE = 64

export const record = {
  record: {
    workers: 'page',
    run(director, { from }, { epochMs = () => 0 }) {
      const { recorder } = director
      if (!recorder) throw new Refused('EOPNOTSUPP', 'this director records nothing: uvs director --record FILE')
      return page(director, recorder, from, epochMs())
    },
  },
} satisfies OperationsOf<keyof typeof shapes>

function page(director: Director, recorder: FlightRecorder, from: number, epochMs: number): RecordPage {
  const frames: RecordedFrame[] = []
  let index = from
  for (; index < recorder.slots && frames.length < FRAMES_PER_PAGE; index++) {
    const frame = recorder.at(index)
    if (frame) frames.push(recordedFrame(director, frame, epochMs))
  }
  return { frames, next: index < recorder.slots ? index : null }
}

function recordedFrame(director: Director, frame: Recorded, epochMs: number): RecordedFrame {
  const { atMs, number, verdict, link, len, octets, daddr, dport } = frame
  const service = serviceOfFrame(director, octets)
  return {
    at: epochMs + atMs,
    number,
    link: (director.links[link] ?? director.loopback)?.name ?? '?',
    verdict: verdictNames.get(verdict)!,
    len,
    octets: Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('base64'),
    ...(service !== undefined && { service }),
    ...(daddr !== 0 && { server: `${formatIpv4(daddr)}:${dport}` }),
  }
}
