import { bpf, Command, createMap, loadProgram, MapType, ProgramType } from '../../src/ebpf/bpf.js'
import {
  assemble,
  call,
  exit,
  Helper,
  loadMapValue,
  mov,
  r1,
  r2,
  r3,
  r4,
  r5,
  type Code,
} from '../../src/ebpf/instructions.js'
import { check, mapMemory } from '../../src/linux/libc.js'
import { fold } from '../../src/wire/checksum.js'
import { DATA_LEN } from './data.js'

/*
 * The kernel's csum_partial, by bpf_csum_diff over a map's value, in a program that the kernel itself repeats
 * (BPF_PROG_TEST_RUN): no frame and no system call for each sum. The cost of the program without a sum is subtracted.
 */

const ETHERNET_MIN = 64
/** Sums in one run of the program: enough to make the other costs of a run negligible. */
const SUMS = 8

/** The programs and the map end with the process. */
export class KernelSum {
  readonly #map: number

  /** Copies the octets into a map. SystemError without the privilege. */
  constructor(octets: Uint8Array) {
    this.#map = createMap(MapType.ARRAY, 4, DATA_LEN, 1, 0)
    const memory = mapMemory(DATA_LEN + 8)
    memory.bytes.set(octets, 8)
    const update = bpf(Command.MAP_UPDATE_ELEM, attributes => {
      attributes.setUint32(0, this.#map, true)
      attributes.setBigUint64(8, BigInt(memory.address), true)
      attributes.setBigUint64(16, BigInt(memory.address + 8), true)
    })
    check(update, 'filling an eBPF map')
  }

  /** Loads a program for `len` octets at `at`; the helper takes only multiples of 4. */
  program(at: number, len: number): KernelProgram {
    return new KernelProgram(loadProgram(ProgramType.SCHED_CLS, assemble(this.#instructions(at, len))))
  }

  #instructions(at: number, len: number): Code {
    const once: Code = [
      mov(r1, 0), // no octets before
      mov(r2, 0),
      loadMapValue(r3, this.#map, at), // r3 = the octets
      mov(r4, len),
      mov(r5, 0), // what to add to
      call(Helper.CSUM_DIFF), // r0 = their sum
    ]
    return [Array.from({ length: SUMS }, () => once), exit()]
  }
}

export class KernelProgram {
  readonly #fd: number
  readonly #frame = mapMemory(ETHERNET_MIN)
  /** Those of the last run, with the kernel's answers. */
  #attributes: DataView | undefined
  /** Of the last run, as a host number. */
  sum = 0

  constructor(fd: number) {
    this.#fd = check(fd, 'loading an eBPF program')
  }

  /** Nanoseconds a sum as the kernel measures it, with its share of the program's other costs. */
  run(times: number): number {
    const run = bpf(Command.PROG_TEST_RUN, attributes => {
      attributes.setUint32(0, this.#fd, true)
      attributes.setUint32(8, ETHERNET_MIN, true)
      attributes.setBigUint64(16, BigInt(this.#frame.address), true)
      attributes.setUint32(32, times, true)
      this.#attributes = attributes
    })
    check(run, 'running an eBPF program')
    const sum = fold(this.#attributes!.getUint32(4, true))
    this.sum = ((sum & 0xff) << 8) | (sum >>> 8)
    return this.#attributes!.getUint32(36, true) / SUMS
  }
}
