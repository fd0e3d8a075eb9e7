/*
 * TOA without a kernel module: Linux keeps a connection's SYN if the program asks for it (tcp(7), TCP_SAVE_SYN), and
 * the SYN carries the option: kind 254, 8 octets, port and IPv4 address in network order.
 */
import { createRequire } from 'node:module'

const IPPROTO_TCP = 6
const TCP_SAVE_SYN = 27
const TCP_SAVED_SYN = 28
const TOA = 254
const TOA_LEN = 8
const TCP_FIXED = 20
const END = 0
const NOP = 1

export interface SavedSyn {
  /** Makes the kernel keep the SYNs of connections that a listening socket will accept. */
  keep(fd: number): void
  /** Client and port from an accepted socket's SYN; undefined if the SYN has none. The kernel hands out a SYN once. */
  read(fd: number): { address: string; port: number } | undefined
}

/** Throws, in a line, if the system does not support it. */
export function savedSyn(): SavedSyn {
  const { setsockopt, getsockopt } = calls()
  const one = Buffer.from(Uint32Array.of(1).buffer)
  const headers = Buffer.alloc(256)
  const len = Buffer.alloc(4)
  return {
    keep(fd) {
      if (setsockopt(fd, IPPROTO_TCP, TCP_SAVE_SYN, one, 4) < 0)
        throw new Error('uvs/client-address: this system keeps no SYNs (TCP_SAVE_SYN)')
    },
    read(fd) {
      new Uint32Array(len.buffer, len.byteOffset, 1)[0] = headers.length
      if (getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, headers, len) < 0) return undefined
      return toaOf(headers.subarray(0, new Uint32Array(len.buffer, len.byteOffset, 1)[0]))
    },
  }
}

/**
 * Reads TOA from a SYN's headers, IPv4's first. A director writes exactly one option of this kind: if there are two, one of
 * another length, or a malformed list of options, the SYN is not the director's and none is believed.
 */
export function toaOf(headers: Buffer): { address: string; port: number } | undefined {
  if (headers.length === 0 || headers[0]! >>> 4 !== 4) return undefined
  const tcp = headers.subarray((headers[0]! & 15) * 4)
  if (tcp.length < TCP_FIXED) return undefined
  const options = tcp.subarray(TCP_FIXED, (tcp[12]! >>> 4) * 4)
  let found = 0
  for (let at = 0; at < options.length && options[at] !== END;) {
    if (options[at] === NOP) {
      at++
      continue
    }
    const len = options[at + 1] ?? 0
    if (len < 2 || at + len > options.length) return undefined
    if (options[at] === TOA) {
      if (len !== TOA_LEN || found > 0) return undefined
      found = at + 2
    }
    at += len
  }
  if (found === 0) return undefined
  return { port: options.readUInt16BE(found), address: options.subarray(found + 2, found + 6).join('.') }
}

interface Calls {
  setsockopt(fd: number, level: number, name: number, value: Buffer, len: number): number
  getsockopt(fd: number, level: number, name: number, value: Buffer, len: Buffer): number
}

/** koffi is loaded only if TOA is used. */
function calls(): Calls {
  if (process.platform !== 'linux') throw new Error('uvs/client-address: TOA is read on Linux only')
  let koffi: typeof import('koffi')
  try {
    koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi')
  } catch (error) {
    throw new Error('uvs/client-address: reading TOA needs koffi, which does not load here', { cause: error })
  }
  const libc = koffi.load(null)
  return {
    setsockopt: libc.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t len)'),
    getsockopt: libc.func('int getsockopt(int fd, int level, int name, void *value, void *len)'),
  }
}
