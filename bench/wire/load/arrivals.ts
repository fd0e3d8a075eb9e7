import { createMap, loadProgram, MapFlag, MapType, ProgramType } from '../../../src/ebpf/bpf.js'
import {
  add,
  assemble,
  atomicOr64,
  call,
  exit,
  fp,
  Helper,
  jumpIf,
  load32,
  loadMapValue,
  mov,
  r0,
  r1,
  r2,
  r3,
  r4,
  r5,
  r6,
  shiftLeft,
  shiftRight,
} from '../../../src/ebpf/instructions.js'
import { check, mapRing, setsockopt } from '../../../src/linux/libc.js'
import { UDP_LEN } from '../../../src/wire/udp.js'

/*
 * Records which frames of a run reach a socket, by a socket filter in eBPF: it sets each frame's bit in a bitmap shared with
 * this process, and drops the frame. So a frame costs the receiver only its way up to the socket.
 */

/** The most frames of a run; a bit each. */
export const MOST_FRAMES = 1 << 23
/** Octets before the bitmap; the first four are the number of the current run. */
const HEAD = 64
const BITMAP_LEN = MOST_FRAMES / 8

const SOL_SOCKET = 1
const SO_ATTACH_BPF = 50
// Offsets on the stack: a payload's first 8 octets.
const RUN = -8
const NUMBER = -4

/**
 * `map`: an array with one entry, its value as above. Frames of another run, or without such a number, are ignored. The filter
 * of a UDP socket sees the frame from the UDP header on.
 */
function program(map: number): BigUint64Array {
  return assemble([
    mov(r2, UDP_LEN),
    mov(r3, fp),
    add(r3, RUN), // r3 = &run
    mov(r4, 8),
    call(Helper.SKB_LOAD_BYTES), // run and number = the payload's first 8 octets
    jumpIf(r0, '!=', 0, 'done'), // too short
    loadMapValue(r6, map, 0),
    load32(r1, fp, RUN),
    load32(r2, r6, 0), // r2 = the run that counts
    jumpIf(r1, '!=', r2, 'done'), // another run
    load32(r3, fp, NUMBER),
    jumpIf(r3, '>=', MOST_FRAMES, 'done'),
    mov(r5, 1),
    shiftLeft(r5, r3), // r5 = 1 << the number's last six bits
    shiftRight(r3, 6),
    shiftLeft(r3, 3), // r3 = the octet where its 64 bits begin
    add(r6, r3),
    atomicOr64(r6, HEAD, r5), // noted
    'done',
    mov(r0, 0),
    exit(), // return 0: keep nothing of the frame
  ])
}

/** Counts the frames that reach one UDP socket. A duplicate counts once, so it cannot hide a lost frame. */
export class Arrivals {
  readonly #words: Uint32Array

  /** Needs Linux 5.12 and permission to load eBPF; SystemError without. */
  constructor(fd: number) {
    const map = createMap(MapType.ARRAY, 4, HEAD + BITMAP_LEN, 1, MapFlag.MMAPABLE)
    const { bytes } = mapRing(map, HEAD + BITMAP_LEN)
    this.#words = new Uint32Array(bytes.buffer, bytes.byteOffset, (HEAD + BITMAP_LEN) / 4)
    const filter = check(loadProgram(ProgramType.SOCKET_FILTER, program(map)), 'loading an eBPF program')
    check(setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, new Int32Array([filter]), 4), 'SO_ATTACH_BPF')
  }

  /** Counts frames of this run from now on. */
  begin(run: number): void {
    this.#words.fill(0)
    this.#words[0] = run
  }

  /** How many frames have come. */
  count(): number {
    let sum = 0
    for (let i = HEAD / 4; i < this.#words.length; i++) sum += bitsOf(this.#words[i]!)
    return sum
  }
}

/** The number of set bits in a 32-bit word. */
export function bitsOf(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555)
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333)
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
