import { assemble, createMap, loadProgram } from '../../../src/ebpf/bpf.js'
import { check, mapRing, setsockopt } from '../../../src/linux/libc.js'

/*
 * What of a run has come to a socket, by a socket filter in eBPF: it notes each frame's number in a bitmap that this process
 * sees, and lets the frame go. So a frame costs the receiver's side no more than its way up to the socket.
 */

/** The most frames of a run; a bit each. */
export const MOST_FRAMES = 1 << 23
/** Octets before the bitmap; the first four are the run that counts. */
const HEAD = 64
const BITMAP_LEN = MOST_FRAMES / 8

// linux/bpf.h
const BPF_MAP_TYPE_ARRAY = 2
const BPF_F_MMAPABLE = 1 << 10
const BPF_PROG_TYPE_SOCKET_FILTER = 1
const PSEUDO_MAP_VALUE = 2
const SKB_LOAD_BYTES = 26
const ATOMIC_OR = 0x40
const FP = 10

const SOL_SOCKET = 1
const SO_ATTACH_BPF = 50
/** A filter of a UDP socket sees the frame from the UDP header on. */
const UDP_LEN = 8

/** `map`: an array of one, its value as above. What is of another run, or has no such number, goes unnoted. */
function program(map: number): BigUint64Array {
  return assemble([
    [0xb7, 2, 0, 0, UDP_LEN],
    [0xbf, 3, FP, 0, 0],
    [0x07, 3, 0, 0, -8],
    [0xb7, 4, 0, 0, 8],
    [0x85, 0, 0, 0, SKB_LOAD_BYTES], // the payload's first 8 octets: run, number
    [0x55, 0, 0, 'done', 0],
    [0x18, 6, PSEUDO_MAP_VALUE, 0, map], // r6 = the map's value
    [0, 0, 0, 0, 0],
    [0x61, 1, FP, -8, 0],
    [0x61, 2, 6, 0, 0],
    [0x5d, 1, 2, 'done', 0], // another run
    [0x61, 3, FP, -4, 0],
    [0x35, 3, 0, 'done', MOST_FRAMES],
    [0xb7, 5, 0, 0, 1],
    [0x6f, 5, 3, 0, 0], // r5 = 1 << the number's last six bits
    [0x77, 3, 0, 0, 6],
    [0x67, 3, 0, 0, 3],
    [0x0f, 6, 3, 0, 0],
    [0xdb, 6, 5, HEAD, ATOMIC_OR],
    'done',
    [0xb7, 0, 0, 0, 0],
    [0x95, 0, 0, 0, 0], // return 0: of the frame nothing is kept
  ])
}

/** The frames that come to one UDP socket. A frame that comes twice counts once, and makes up for none that is lost. */
export class Arrivals {
  readonly #words: Uint32Array

  /** Needs Linux 5.12 and the right to load eBPF; SystemError without. */
  constructor(fd: number) {
    const map = createMap(BPF_MAP_TYPE_ARRAY, 4, HEAD + BITMAP_LEN, 1, BPF_F_MMAPABLE)
    const { bytes } = mapRing(map, HEAD + BITMAP_LEN)
    this.#words = new Uint32Array(bytes.buffer, bytes.byteOffset, (HEAD + BITMAP_LEN) / 4)
    const filter = check(loadProgram(BPF_PROG_TYPE_SOCKET_FILTER, program(map)), 'loading an eBPF program')
    check(setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, new Int32Array([filter]), 4), 'SO_ATTACH_BPF')
  }

  /** From now on frames of this run count. */
  begin(run: number): void {
    this.#words.fill(0)
    this.#words[0] = run
  }

  /** How many have come. */
  count(): number {
    let sum = 0
    for (let i = HEAD / 4; i < this.#words.length; i++) sum += bitsOf(this.#words[i]!)
    return sum
  }
}

/** The bits that are set in 32. */
export function bitsOf(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555)
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333)
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
