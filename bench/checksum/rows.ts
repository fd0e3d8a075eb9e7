import { sum16 } from '../../src/wire/checksum.js'
import { KernelSum, type KernelProgram } from './kernel-bpf.js'
import { DEVICE_MOST, KernelDevice } from './kernel-device.js'
import { ownLoop, timed } from './timed.js'
import { variants, wasmVariants, type Sum } from './variants.js'

/** A line of the table: nanoseconds for a sum of `len` octets, `at` octets after an address divisible by 16. */
export interface Row {
  readonly name: string
  measure(at: number, len: number): number
}

/** The number of sums that take about half a millisecond at 2 GB/s. */
const timesFor = (len: number): number => Math.ceil(1_000_000 / (len + 100))

export function variantRows(data: Uint8Array<ArrayBuffer>): Row[] {
  const { memory, inPlace, copied } = wasmVariants()
  new Uint8Array(memory.buffer).set(data)
  const dv = new DataView(data.buffer)
  return [
    ...Object.entries({ ...variants, ...copied }).map(entry => variantRow(...entry, dv)),
    ...Object.entries(inPlace).map(entry => variantRow(...entry, memory)),
  ]
}

function variantRow(name: string, sum: Sum, where: DataView): Row {
  const loop = ownLoop()
  loop(sum, where, 0, 100, 20_000) // until V8 has optimized it
  return { name, measure: (at, len) => timed(timesFor(len), () => loop(sum, where, at, len, timesFor(len))) }
}

/** The kernel's variants; those that are not permitted or not possible here are left out, with a note. */
export function kernelRows(data: Uint8Array<ArrayBuffer>, notes: string[]): Row[] {
  const rows: Row[] = []
  const unlessRefused = (name: string, make: () => Row['measure']): void => {
    try {
      rows.push({ name, measure: make() })
    } catch (error) {
      notes.push(`without ${name}: ${(error as Error).message.split('\n')[0]}`)
    }
  }
  unlessRefused('kernel, csum_partial (eBPF; 65532 octets)', () => byBpf(data))
  unlessRefused(`kernel, NEEDS_CSUM minus none (veth; ${DEVICE_MOST} octets)`, () => {
    const device = new KernelDevice(data)
    device.difference(0, 20, 10_000)
    return (at, len) => device.difference(at, Math.min(len, DEVICE_MOST), Math.max(512, timesFor(len) / 4))
  })
  return rows
}

function byBpf(data: Uint8Array<ArrayBuffer>): Row['measure'] {
  const kernel = new KernelSum(data)
  const programs = new Map<number, KernelProgram>()
  const empty = kernel.program(0, 0)
  const dv = new DataView(data.buffer)
  const programFor = (at: number, len: number): KernelProgram => {
    const key = at * 65536 + len
    const program = programs.get(key) ?? kernel.program(at, len)
    if (!programs.has(key)) {
      programs.set(key, program)
      program.run(1)
      if (program.sum !== sum16(dv, at, len)) throw new Error(`the kernel sums ${len} octets at ${at} up otherwise`)
    }
    return program
  }
  programFor(0, 20)
  return (at, len) => {
    const times = timesFor(len)
    const program = programFor(at, len & ~3)
    return program.run(times) - empty.run(times)
  }
}
