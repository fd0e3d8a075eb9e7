import { arch, constants } from 'node:os'
import { check, errno, mapMemory, syscall } from '../linux/libc.js'
import type { Slab } from '../packet/frame.js'

/* eBPF programs (instructions.ts) and maps, by bpf(2). */

/** linux/bpf.h: enum bpf_cmd, bpf_prog_type, bpf_map_type. */
export const Command = {
  MAP_CREATE: 0,
  MAP_LOOKUP_ELEM: 1,
  MAP_UPDATE_ELEM: 2,
  MAP_DELETE_ELEM: 3,
  PROG_LOAD: 5,
  OBJ_PIN: 6,
  OBJ_GET: 7,
  PROG_TEST_RUN: 10,
  OBJ_GET_INFO_BY_FD: 15,
  LINK_CREATE: 28,
} as const
export const ProgramType = { SOCKET_FILTER: 1, SCHED_CLS: 3 } as const
export const MapType = { HASH: 1, ARRAY: 2, PROG_ARRAY: 3, LRU_HASH: 9, LPM_TRIE: 11 } as const
/** Where a tcx link has a program run (linux/bpf.h, enum bpf_attach_type). */
export const TcxHook = { INGRESS: 46, EGRESS: 47 } as const
/** Of a tcx link among those of others (linux/bpf.h): before all that are there (BPF_F_BEFORE), or behind them. */
export const TcxPlace = { FIRST: 8, LAST: 0 } as const
/** Right behind a link (BPF_F_AFTER, BPF_F_LINK). */
const BEHIND = (1 << 4) | (1 << 13)
export type TcxPlace = (typeof TcxPlace)[keyof typeof TcxPlace]
/** Flags of a map: a hash takes memory as it fills; an array can be mapped into memory. */
export const MapFlag = { NO_PREALLOC: 1, MMAPABLE: 1 << 10 } as const
/** Flag of a program: it may read and write at any address (BPF_F_ANY_ALIGNMENT, Linux 5.0). */
const ANY_ALIGNMENT = 2
/** Octets of union bpf_attr that are given. */
export const ATTR_LEN = 128
const PAGE = 4096
/** Of a program, before Linux 5.2. */
const MOST_INSTRUCTIONS = 4096
const LICENSE = Buffer.from('MIT\0')
const SYS_BPF: Partial<Record<string, number>> = { x64: 321, arm64: 280 }

/** How often a program is offered: the kernel gives up checking one, EAGAIN, when a signal comes (a profiler's, say). */
const OFFERS = 10

/**
 * Loads a program of a `ProgramType`. Returns its file descriptor, or a negative number. Any alignment is all right on x64 and arm64;
 * to user-mode-linux, which asks for more, that has to be said.
 */
export function loadProgram(type: number, program: BigUint64Array): number {
  const fd = offerAgain(type, program, 0)
  return fd < 0 && errno() === constants.errno.EACCES ? offerAgain(type, program, ANY_ALIGNMENT) : fd
}
function offerAgain(type: number, program: BigUint64Array, flags: number): number {
  let fd = -1
  for (let offers = 0; offers < OFFERS; offers++) {
    fd = offerProgram(type, program, flags)
    if (fd >= 0 || errno() !== constants.errno.EAGAIN) break
  }
  return fd
}

let offered: Slab | undefined
function offerProgram(type: number, program: BigUint64Array, flags: number): number {
  offered ??= mapMemory(MOST_INSTRUCTIONS * 8)
  const { view: instructions, address } = offered
  program.forEach((instruction, i) => instructions.setBigUint64(i * 8, instruction, true))
  return bpf(Command.PROG_LOAD, (attributes, page) => {
    attributes.setUint32(0, type, true)
    attributes.setUint32(4, program.length, true)
    attributes.setUint32(44, flags, true)
    attributes.setBigUint64(8, BigInt(address), true)
    pointAt(attributes, page, 16, LICENSE, PAGE - LICENSE.length)
  })
}

/**
 * Has a program run at an interface's tcx hook; `behind`: at no other place than right behind that link. Returns the link's file descriptor,
 * or a negative number.
 */
export function linkToInterface(
  program: number,
  ifindex: number,
  hook: number,
  place: TcxPlace,
  behind?: number,
): number {
  const where = behind === undefined ? [place] : [BEHIND, behind]
  return bpf(Command.LINK_CREATE, attributes =>
    [program, ifindex, hook, ...where].forEach((word, i) => attributes.setUint32(i * 4, word, true)),
  )
}

/** Makes a map of a `MapType`; sizes in octets. Returns its file descriptor. SystemError where none may be made. */
export function createMap(type: number, key: number, value: number, entries: number, flags: number): number {
  const words = [type, key, value, entries, flags]
  const fill = (attributes: DataView): void => words.forEach((word, i) => attributes.setUint32(i * 4, word, true))
  return check(bpf(Command.MAP_CREATE, fill), 'making an eBPF map')
}

/** Sets what a map has for a key. Returns a negative number if the map is full. */
export function setElement(map: number, key: Uint8Array, value: Uint8Array): number {
  return bpf(Command.MAP_UPDATE_ELEM, (attributes, address) => {
    pointAt(attributes, address, 8, key, 512)
    pointAt(attributes, address, 16, value, 1024)
    attributes.setUint32(0, map, true)
  })
}
/** What a map has for a key: up to 8 octets, good until the next call. Undefined: nothing. */
export function readElement(map: number, key: Uint8Array): DataView | undefined {
  const failed = bpf(Command.MAP_LOOKUP_ELEM, (attributes, address) => {
    pointAt(attributes, address, 8, key, 512)
    pointAt(attributes, address, 16, new Uint8Array(8), 1024)
    attributes.setUint32(0, map, true)
  })
  return failed < 0 ? undefined : new DataView(page!.view.buffer, page!.view.byteOffset + 1024, 8)
}
/** Returns a negative number if the map had nothing for the key. */
export function deleteElement(map: number, key: Uint8Array): number {
  return bpf(Command.MAP_DELETE_ELEM, (attributes, address) => {
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
 * bpf(2); returns −1 where the kernel, or the hardware, has no such call. The attributes are the first octets of a page that
 * is all zero; what they point at can stand behind them. What the kernel writes there can be read until the next call.
 */
export function bpf(command: number, fill: (attributes: DataView, address: number) => void): number {
  page ??= mapMemory(PAGE)
  page.bytes.fill(0)
  fill(page.view, page.address)
  return bpfAt(command, page.address)
}
/** The same with attributes that stand in memory: `ATTR_LEN` octets, those that the command does not have 0. */
export function bpfAt(command: number, address: number): number {
  const number = SYS_BPF[arch()]
  return number === undefined ? -1 : syscall(number, command, address, ATTR_LEN, 0)
}
