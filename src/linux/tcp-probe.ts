import type { Slab } from '../packet/frame.js'
import { systemReason } from './error-text.js'
import { hostSocket, socketAddress } from './host-socket.js'
import { close, connect, errno, getsockopt, mapMemory, poll } from './libc.js'

/*
 * TCP connections that are opened and closed at once, many a second: what Node's sockets cost besides the system calls (streams, events,
 * memory to collect) is more than the calls. One poll(2) asks after all that are under way.
 */

const EINPROGRESS = 115
const SOL_SOCKET = 1
const SO_ERROR = 4
const POLLOUT = 4
/** struct pollfd: fd, events, revents. */
const POLLFD_LEN = 8
/** How often connections under way are asked after. */
const TICK_MS = 5

interface Probe {
  readonly fd: number
  readonly endsMs: number
  readonly ended: (why: string | undefined) => void
}

/** Probes under way; the timer runs while there are some. */
const probes: Probe[] = []
let fds: Slab | undefined
let room = 0
let timer: NodeJS.Timeout | undefined
const word = Buffer.alloc(4)
const wordLength = Buffer.from(Uint32Array.of(4).buffer)

export interface ProbeOptions {
  readonly address: string
  readonly port: number
  readonly timeoutMs: number
  readonly mark: number
  readonly interface?: string
  readonly local?: { readonly address: string; readonly port: number }
}

/**
 * Opens a TCP connection and closes it at once. `ended` is called once, later: with nothing if it opened, else with why not. Throws
 * SystemError if there can be no such socket. Returns a function that gives it up without a word.
 */
export function probeTcp(options: ProbeOptions, ended: (why: string | undefined) => void): () => void {
  const { address, port, timeoutMs, mark, interface: name, local } = options
  const isIpv6 = address.includes(':')
  const socket = {
    isIpv6,
    type: 'stream',
    mark,
    ...(name !== undefined && { interface: name }),
    ...(local && { local }),
  } as const
  const fd = hostSocket(socket)
  const to = socketAddress(address, port)
  if (connect(fd, to, to.length) < 0 && errno() !== EINPROGRESS) {
    const why = systemReason(-errno()) ?? 'no connection'
    close(fd)
    queueMicrotask(() => ended(why))
    return () => {}
  }
  const probe = { fd, endsMs: performance.now() + timeoutMs, ended }
  probes.push(probe)
  timer ??= setTimeout(look, 1)
  return () => {
    const at = probes.indexOf(probe)
    if (at < 0) return
    probes.splice(at, 1)
    close(fd)
  }
}

/** Asks after all probes under way, and ends those that have opened, failed or taken too long. */
function look(): void {
  timer = undefined
  const { view, address } = memoryFor(probes.length)
  probes.forEach(({ fd }, i) => {
    view.setInt32(i * POLLFD_LEN, fd, true)
    view.setInt32(i * POLLFD_LEN + 4, POLLOUT, true)
  })
  poll(address, probes.length, 0)
  const now = performance.now()
  const over: [Probe, string | undefined][] = []
  let kept = 0
  for (let i = 0; i < probes.length; i++) {
    const probe = probes[i]!
    if (view.getInt16(i * POLLFD_LEN + 6, true) !== 0) over.push([probe, errorOf(probe.fd)])
    else if (probe.endsMs <= now) over.push([probe, ''])
    else probes[kept++] = probe
  }
  probes.length = kept
  for (const [{ fd }] of over) close(fd)
  if (kept > 0) timer = setTimeout(look, TICK_MS)
  for (const [{ ended }, why] of over) ended(why)
}

function memoryFor(count: number): Slab {
  if (fds === undefined || count > room) {
    room = Math.max(1024, count * 2)
    fds = mapMemory(room * POLLFD_LEN)
  }
  return fds
}

/** Why a connection did not open; undefined: it did. */
function errorOf(fd: number): string | undefined {
  getsockopt(fd, SOL_SOCKET, SO_ERROR, word, wordLength)
  const code = word.readInt32LE()
  return code === 0 ? undefined : (systemReason(-code) ?? `errno ${code}`)
}
