/*
 * Classic BPF, the filters of packet sockets (Documentation/networking/filter.rst): another instruction set than eBPF, with
 * one register, and X beside it. Its instructions by name, and an assembler with labels; jumps go forward only.
 */

/** `[code, jumps, constant]` an instruction, as in struct sock_filter. */
export type Filter = readonly (readonly [number, number, number])[]

interface Step {
  readonly code: number
  readonly constant: number
  /** Labels; without one it goes on with what follows. */
  readonly ifSo?: string
  readonly ifNot?: string
}

// linux/bpf_common.h.
const LOAD_32 = 0x20
const LOAD_16 = 0x28
const LOAD_8 = 0x30
const LOAD_16_BEHIND_X = 0x48
const LOAD_IPV4_HEADER_LEN_TO_X = 0xb1
const JUMP_EQUAL = 0x15
const JUMP_SET = 0x45
const RETURN = 0x06

/** What is known of a frame besides its octets: linux/filter.h, SKF_AD_OFF and SKF_AD_…; `load32` reads it. */
export const Known = { PACKET_TYPE: 0xfffff000 + 4, INTERFACE: 0xfffff000 + 8, MARK: 0xfffff000 + 20 } as const
/** Values of Known.PACKET_TYPE: linux/if_packet.h. */
export const PacketType = { HOST: 0, OTHERHOST: 3 } as const

/** The register = what stands `at` octets from the frame's start, in network order. */
export const load32 = (at: number): Step => ({ code: LOAD_32, constant: at })
export const load16 = (at: number): Step => ({ code: LOAD_16, constant: at })
export const load8 = (at: number): Step => ({ code: LOAD_8, constant: at })
/** The register = what stands X + `at` octets from the frame's start. */
export const load16BehindX = (at: number): Step => ({ code: LOAD_16_BEHIND_X, constant: at })
/** X = the octets of the IPv4 header that stands `at` octets from the frame's start. */
export const loadIpv4HeaderLenToX = (at: number): Step => ({ code: LOAD_IPV4_HEADER_LEN_TO_X, constant: at })
export const jumpIfEqual = (to: number, label: string): Step => ({ code: JUMP_EQUAL, constant: to, ifSo: label })
export const jumpIfNotEqual = (to: number, label: string): Step => ({ code: JUMP_EQUAL, constant: to, ifNot: label })
/** If the register has one of these bits. */
export const jumpIfSet = (bits: number, label: string): Step => ({ code: JUMP_SET, constant: bits, ifSo: label })
/** The socket hears so many octets of the frame: none, and it does not hear of it. */
export const hear = (octets: number): Step => ({ code: RETURN, constant: octets })
/** All octets of a frame. */
export const ALL = 0xffffffff

/** Strings are labels. RangeError for a jump to none that follows, or to one that is too far. */
export function assembleFilter(lines: readonly (Step | string)[]): Filter {
  const places = new Map<string, number>()
  const steps: Step[] = []
  for (const line of lines) {
    if (typeof line === 'string') places.set(line, steps.length)
    else steps.push(line)
  }
  return steps.map(({ code, constant, ifSo, ifNot }, at) => {
    const jumps = distance(places, ifSo, at) | (distance(places, ifNot, at) << 8)
    return [code, jumps, constant]
  })
}

/** Counted from the instruction that follows. */
function distance(places: ReadonlyMap<string, number>, label: string | undefined, at: number): number {
  if (label === undefined) return 0
  const steps = (places.get(label) ?? NaN) - at - 1
  if (!(steps >= 0 && steps <= 255)) throw new RangeError(`no label '${label}' within 255 instructions`)
  return steps
}
