import { sum16, sumOf20IsRight, update16, update32 } from '../../src/wire/checksum.js'
import { crc32c } from '../../src/wire/crc32c.js'
import { ownLoop, timed } from './timed.js'
import type { Sum } from './variants.js'

/* The director's checksum work for every packet: never a sum over the payload. */

const FRAMES = 64
const SLOT = 1792
const AT = 14
const TIMES = 100_000

/** A frame's offset changes from call to call, so that the compiler cannot assume it. */
const slot = (i: number): number => (i & (FRAMES - 1)) * SLOT + AT

export function pathMeasures(): { name: string; measure(): number }[] {
  const dv = new DataView(new ArrayBuffer(FRAMES * SLOT))
  for (let at = 0; at < dv.byteLength; at++) dv.setUint8(at, Math.imul(at, 2654435761) >>> 24)
  let next = 0
  const sums: Record<string, Sum> = {
    'nothing but the loop and the frame’s place': frame => frame.getUint8(slot(next++)),
    'IPv4 header, 20 octets: the product’s': frame => (sumOf20IsRight(frame, slot(next++)) ? 1 : 0),
    'IPv4 header, 20 octets: by the sum for any length': frame => (sum16(frame, slot(next++), 20) === 0xffff ? 1 : 0),
    'incremental, a port (RFC 1624)': frame => {
      const at = slot(next++)
      return update16(frame.getUint16(at), frame.getUint16(at + 2), next)
    },
    'incremental, an address': frame => {
      const at = slot(next++)
      return update32(frame.getUint16(at), frame.getInt32(at + 2), next)
    },
    'incremental, address and port': frame => {
      const at = slot(next++)
      return update32(update16(frame.getUint16(at), frame.getUint16(at + 6), 80), frame.getInt32(at + 2), next)
    },
    'SCTP’s CRC-32C, 1460 octets': frame => crc32c(frame, slot(next++), 1460),
  }
  return Object.entries(sums).map(([name, sum]) => {
    const loop = ownLoop()
    const times = name.startsWith('SCTP') ? TIMES / 100 : TIMES
    loop(sum, dv, 0, 0, 20_000)
    next = 0
    return { name, measure: () => timed(times, () => loop(sum, dv, 0, 0, times)) }
  })
}
