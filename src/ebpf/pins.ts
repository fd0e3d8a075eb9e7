import { statfsSync } from 'node:fs'
import { check } from '../linux/libc.js'
import { bpf, Command, pointAt } from './bpf.js'

/* Names of programs' parts in a bpffs, by which they outlive the process that has made them (bpf(2)). */

/** linux/magic.h */
const BPF_FS_MAGIC = 0xcafe4a11
/** Octets of a path, its end with it: what a page has room for behind the attributes. */
const MOST_PATH = 1024
const PATH_AT = 512
const INFO_AT = 2048
/** linux/bpf.h: octets of struct bpf_map_info that are wanted. */
const INFO_LEN = 24

/** Whether a bpffs is mounted there. */
export function isBpffs(path: string): boolean {
  try {
    return statfsSync(path).type === BPF_FS_MAGIC
  } catch {
    return false
  }
}

/** Gives what a file descriptor stands for a name; SystemError where that may not be. */
export function pin(fd: number, path: string): void {
  check(named(Command.OBJ_PIN, path, fd), path)
}
/** A file descriptor of what has this name. SystemError if there is none. */
export function openPin(path: string): number {
  return check(named(Command.OBJ_GET, path, 0), path)
}
function named(command: number, path: string, fd: number): number {
  const name = Buffer.from(`${path}\0`)
  if (name.length > MOST_PATH) throw new RangeError(`a path of ${name.length} octets`)
  return bpf(command, (attributes, address) => {
    pointAt(attributes, address, 0, name, PATH_AT)
    attributes.setUint32(8, fd, true)
  })
}

export interface MapShape {
  readonly type: number
  readonly key: number
  readonly value: number
  readonly entries: number
}
/** What a map is. SystemError if it is no map. */
export function mapShape(fd: number): MapShape {
  let info: DataView | undefined
  const answered = bpf(Command.OBJ_GET_INFO_BY_FD, (attributes, address) => {
    attributes.setUint32(0, fd, true)
    attributes.setUint32(4, INFO_LEN, true)
    attributes.setBigUint64(8, BigInt(address + INFO_AT), true)
    info = attributes
  })
  check(answered, 'asking what a pinned map is')
  const [type, , key, value, entries] = [0, 4, 8, 12, 16].map(at => info!.getUint32(INFO_AT + at, true))
  return { type: type!, key: key!, value: value!, entries: entries! }
}
