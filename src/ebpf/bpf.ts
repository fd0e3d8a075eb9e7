import { arch } from 'node:os'
import { check, mapMemory, syscall } from '../linux/libc.js'
import type { Slab } from '../packet/frame.js'

/*
 * eBPF programs and maps, by bpf(2). A program is a list of instructions and labels; what an instruction's operation is made
 * of is in the kernel's Documentation/bpf/standardization/instruction-set.rst.
 */

// linux/bpf.h
const BPF_MAP_CREATE = 0
const BPF_MAP_UPDATE_ELEM = 2
const BPF_MAP_DELETE_ELEM = 3
const BPF_PROG_LOAD = 5
/** Octets of union bpf_attr that are given. */
const ATTR_LEN = 128
const PAGE = 4096
const LICENSE = Buffer.from('MIT\0')
const SYS_BPF: Partial<Record<string, number>> = { x64: 321, arm64: 280 }

/** Operation, destination and source register, offset (a jump may have a label's name in its place), constant. */
export type Instruction = readonly [number, number, number, number | string, number]

/** An instruction's 8 octets; a string is a label, and stands for the place of what follows it. RangeError for a jump to none. */
export function assemble(lines: readonly (Instruction | string)[]): BigUint64Array {
  const places = new Map<string, number>()
  const instructions: Instruction[] = []
  for (const line of lines) {
    if (typeof line === 'string') places.set(line, instructions.length)
    else instructions.push(line)
  }
  return BigUint64Array.from(instructions, ([code, dst, src, to, constant], at) => {
    const offset = typeof to === 'number' ? to : (places.get(to) ?? NaN) - at - 1
    if (Number.isNaN(offset)) throw new RangeError(`no label '${to}'`)
    const low = ((offset & 0xffff) << 16) | (src << 12) | (dst << 8) | code
    return (BigInt.asUintN(32, BigInt(constant)) << 32n) | BigInt.asUintN(32, BigInt(low))
  })
}

/** The program's file descriptor, or a negative number. */
export function loadProgram(type: number, program: BigUint64Array): number {
  return bpf(BPF_PROG_LOAD, (attributes, address) => {
    const license = PAGE - LICENSE.length
    const instructions = (license & ~7) - program.byteLength
    program.forEach((instruction, i) => attributes.setBigUint64(instructions + i * 8, instruction, true))
    LICENSE.forEach((octet, i) => attributes.setUint8(license + i, octet))
    attributes.setUint32(0, type, true)
    attributes.setUint32(4, program.length, true)
    attributes.setBigUint64(8, BigInt(address + instructions), true)
    attributes.setBigUint64(16, BigInt(address + license), true)
  })
}

/** A map of a `BPF_MAP_TYPE_…`; sizes in octets. Answers its file descriptor. SystemError where none may be made. */
export function createMap(type: number, key: number, value: number, entries: number, flags: number): number {
  const words = [type, key, value, entries, flags]
  const fill = (attributes: DataView): void => words.forEach((word, i) => attributes.setUint32(i * 4, word, true))
  return check(bpf(BPF_MAP_CREATE, fill), 'making an eBPF map')
}

/** Sets what a map has for a key. Negative if the map is full. */
export function setElement(map: number, key: Uint8Array, value: Uint8Array): number {
  return bpf(BPF_MAP_UPDATE_ELEM, (attributes, address) => {
    pointAt(attributes, address, 8, key, 512)
    pointAt(attributes, address, 16, value, 1024)
    attributes.setUint32(0, map, true)
  })
}
/** Negative if there was nothing. */
export function deleteElement(map: number, key: Uint8Array): number {
  return bpf(BPF_MAP_DELETE_ELEM, (attributes, address) => {
    pointAt(attributes, address, 8, key, 512)
    attributes.setUint32(0, map, true)
  })
}

/** Puts octets at `at` in the page, and their address into an attribute. */
export function pointAt(page: DataView, address: number, attribute: number, octets: Uint8Array, at: number): void {
  octets.forEach((octet, i) => page.setUint8(at + i, octet))
  page.setBigUint64(attribute, BigInt(address + at), true)
}

let page: Slab | undefined
/**
 * bpf(2); −1 where the kernel, or the machine, has it not. The attributes are the first octets of a page that is all zero;
 * what they point at can stand behind them. What the kernel answers there can be read until the next call.
 */
export function bpf(command: number, fill: (attributes: DataView, address: number) => void): number {
  const number = SYS_BPF[arch()]
  if (number === undefined) return -1
  page ??= mapMemory(PAGE)
  page.bytes.fill(0)
  fill(page.view, page.address)
  return syscall(number, command, page.address, ATTR_LEN, 0)
}
