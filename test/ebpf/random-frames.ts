import { concat, ethernet, icmp4, packet4 } from '../support/frames.js'
import { u16 } from '../support/octets.js'

/** Numbers from 0 up to, but not including, `below`, the same for the same seed. */
export type Random = (below: number) => number

/** A linear congruential generator; its upper bits. */
export function randomFrom(seed: number): Random {
  let state = seed
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const one = <T>(random: Random, of: readonly T[]): T => of[random(of.length)]!

const PORTS = [1, 53, 80, 5535, 5536, 5537, 40_000, 65_535]
const PROTOCOLS = [1, 1, 1, 4, 6, 6, 17, 17, 47, 50, 132]
const TYPES = [0, 3, 3, 3, 4, 5, 8, 11, 12, 13, 18, 31, 255]

/** Frames of all sorts that mean something to who steers: errors about tunnels and others, pieces, options, cut off and garbled. */
export function randomFrame(random: Random, addresses: readonly string[]): Uint8Array {
  const flow = (): string => `${one(random, addresses)} > ${one(random, addresses)}`
  const ports = (): Uint8Array =>
    concat(u16(one(random, PORTS)), u16(one(random, PORTS)), new Uint8Array(random(3) * 8))
  const options = (): { ipOptions: Uint8Array; id: number; mf: boolean; fragment: number } => ({
    ipOptions: new Uint8Array(random(4) === 0 ? random(11) * 4 : 0).fill(1),
    id: random(3),
    mf: random(4) === 0,
    fragment: random(5) === 0 ? 1 + random(3) : 0,
  })
  const inner = (): Uint8Array => packet4(flow(), 6, ports(), options())
  const quoted = (): Uint8Array => {
    const protocol = one(random, [4, 6, 6, 17, 17, 47, 132])
    const gue = concat(
      ports().slice(0, 4),
      u16(0),
      u16(0),
      Uint8Array.of(one(random, [0, 0, 1, 2, 32]), one(random, [4, 4, 5]), 0, 0),
    )
    const guePadding = new Uint8Array((gue[8]! & 31) * 4)
    const gre = one(random, [concat(u16(0), u16(0x0800)), concat(u16(0x8000), u16(0x0800), u16(0), u16(0))])
    const payload =
      protocol === 4
        ? inner()
        : protocol === 47
          ? concat(gre, inner())
          : protocol === 17 && random(2) === 0
            ? concat(gue, guePadding, inner())
            : ports()
    return packet4(flow(), protocol, payload, { ...options(), mf: false, fragment: 0 })
  }
  const protocol = one(random, PROTOCOLS)
  const frame =
    protocol === 1
      ? icmp4(flow(), { type: one(random, TYPES), payload: quoted(), ...options() })
      : ethernet(0x0800, packet4(flow(), protocol, ports(), options()))
  if (random(10) === 0) frame[14 + random(Math.min(70, frame.length - 14))] = random(256)
  return random(6) === 0 ? frame.slice(0, 20 + random(frame.length - 19)) : frame
}
