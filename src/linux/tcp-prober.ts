import { reasonOf, systemReason } from './error-text.js'
import { hostSocket, socketAddress, type HostSocketOptions } from './host-socket.js'
import { close, connect, errno, mapMemory, poll } from './libc.js'
import { getSocketOption, SocketOption } from './socket-option.js'

/*
 * TCP connections that are opened and closed at once, many a second: what Node's sockets cost besides the system calls (streams, events,
 * memory to collect) is more than the calls. No timer, promise or signal belongs to one of them: its owner looks after all at once.
 */

const EINPROGRESS = 115
const POLLOUT = 4
/** struct pollfd: fd; events, and revents above them. */
const POLLFD_LEN = 8
/** No socket: poll(2) passes over it. */
const NONE = -1

export interface ProbeOptions extends Omit<HostSocketOptions, 'isIpv6' | 'type'> {
  readonly address: string
  readonly port: number
  readonly timeoutMs: number
}

/** A connection to one place, opened again and again. */
export interface TcpProbe {
  readonly socket: HostSocketOptions
  /** struct sockaddr. */
  readonly to: Buffer
  readonly timeoutMs: number
  /** Told by `look`: with nothing if the connection has opened, else with why not. */
  readonly ended: (why: string | undefined) => void
  /** NONE while it is under way: it has failed at once. */
  fd: number
  endsMs: number
  isUnderWay: boolean
  /** Why the last connection did not open; undefined: it did. */
  why: string | undefined
}

export function tcpProbe(options: ProbeOptions, ended: (why: string | undefined) => void): TcpProbe {
  const { address, port, timeoutMs, mark, interface: name, local } = options
  const isIpv6 = address.includes(':')
  // Not by a rest parameter: objects of such are slow to read, and this one is read for each connection.
  const socket = {
    isIpv6,
    type: 'stream',
    mark,
    ...(name !== undefined && { interface: name }),
    ...(local && { local }),
  } as const
  const to = socketAddress(address, port)
  return { socket, to, timeoutMs, ended, fd: NONE, endsMs: 0, isUnderWay: false, why: undefined }
}

/** Probes under way. */
export class TcpProber {
  readonly #probes: TcpProbe[] = []
  readonly #over: TcpProbe[] = []
  #room = 0
  #fds: Int32Array = new Int32Array()
  #address = 0

  /** How many there are for `look` to ask after. */
  get size(): number {
    return this.#probes.length
  }

  /** Opens a connection. That there can be no such socket is told by `look`, as what else goes wrong is. */
  begin(probe: TcpProbe, nowMs: number): void {
    if (probe.isUnderWay) return
    probe.isUnderWay = true
    probe.endsMs = nowMs + probe.timeoutMs
    this.#probes.push(probe)
    const { to } = probe
    try {
      probe.fd = hostSocket(probe.socket)
      if (connect(probe.fd, to, to.length) < 0 && errno() !== EINPROGRESS) fail(probe, wordsOf(errno()))
    } catch (error) {
      fail(probe, reasonOf(error))
    }
  }

  /** Closes a connection without a word. */
  giveUp(probe: TcpProbe): void {
    if (!probe.isUnderWay) return
    shut(probe)
    probe.isUnderWay = false
    const at = this.#probes.indexOf(probe)
    if (at >= 0) this.#probes.splice(at, 1)
  }

  /** Asks after all by one poll(2), and ends those that have opened, failed or taken too long. */
  look(nowMs: number): void {
    const probes = this.#probes
    const over = this.#over
    const { length } = probes
    if (length === 0) return
    const fds = this.#ask()
    let kept = 0
    for (let i = 0; i < length; i++) {
      const probe = probes[i]!
      const events = fds[i * 2 + 1]! >>> 16
      if (events === 0 && probe.fd !== NONE) {
        if (probe.endsMs > nowMs) {
          probes[kept++] = probe
          continue
        }
        probe.why = `no connection within ${probe.timeoutMs} ms`
      } else if (events === POLLOUT) probe.why = undefined
      else if (events !== 0) probe.why = errorOf(probe.fd)
      shut(probe)
      over.push(probe)
    }
    probes.length = kept
    for (const probe of over) {
      // The end of another may have given it up.
      if (!probe.isUnderWay) continue
      probe.isUnderWay = false
      probe.ended(probe.why)
    }
    over.length = 0
  }

  #ask(): Int32Array {
    const { length } = this.#probes
    if (length > this.#room) {
      this.#room = Math.max(1024, length * 2)
      const { bytes, address } = mapMemory(this.#room * POLLFD_LEN)
      this.#fds = new Int32Array(bytes.buffer)
      this.#address = address
    }
    const fds = this.#fds
    for (let i = 0; i < length; i++) {
      fds[i * 2] = this.#probes[i]!.fd
      fds[i * 2 + 1] = POLLOUT
    }
    poll(this.#address, length, 0)
    return fds
  }
}

function fail(probe: TcpProbe, why: string): void {
  shut(probe)
  probe.why = why
}

function shut(probe: TcpProbe): void {
  if (probe.fd !== NONE) close(probe.fd)
  probe.fd = NONE
}

/** Why a connection did not open; undefined: it did. */
function errorOf(fd: number): string | undefined {
  const code = getSocketOption(fd, SocketOption.ERROR, 4)?.readInt32LE() ?? 0
  return code === 0 ? undefined : wordsOf(code)
}

function wordsOf(code: number): string {
  return systemReason(-code) ?? `errno ${code}`
}
