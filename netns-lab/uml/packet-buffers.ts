import { readdirSync, readlinkSync } from 'node:fs'
import { check, close, getsockopt, setsockopt, syscall } from '../../src/linux/libc.js'

const PIDFD_OPEN = 434 // the same on every architecture
const PIDFD_GETFD = 438

const SOL_SOCKET = 1
const SO_RCVBUF = 8
const SO_SNDBUFFORCE = 32
const SO_RCVBUFFORCE = 33
const SO_DOMAIN = 39
const AF_PACKET = 17

/**
 * Sets the packet socket buffers of another process to `octets` each way (pidfd_getfd(2)), because it may not ask for more than
 * net.core.rmem_default, which holds only three frames that wait to be segmented. Returns the earlier receive sizes.
 */
export function growPacketBuffers(pid: number, octets: number): number[] {
  const process = check(syscall(PIDFD_OPEN, pid, 0, 0, 0), `process ${pid}`)
  const before: number[] = []
  for (const name of socketsOf(pid)) {
    const fd = check(syscall(PIDFD_GETFD, process, name, 0, 0), `descriptor ${name} of process ${pid}`)
    if (option(fd, SO_DOMAIN) === AF_PACKET) {
      before.push(option(fd, SO_RCVBUF))
      for (const way of [SO_RCVBUFFORCE, SO_SNDBUFFORCE]) {
        check(setsockopt(fd, SOL_SOCKET, way, new Int32Array([octets]), 4), `buffers of process ${pid}`)
      }
    }
    close(fd)
  }
  close(process)
  return before
}

function socketsOf(pid: number): number[] {
  const dir = `/proc/${pid}/fd`
  return readdirSync(dir)
    .filter(name => readlinkSync(`${dir}/${name}`).startsWith('socket:'))
    .map(Number)
}

function option(fd: number, name: number): number {
  const value = new Int32Array(1)
  check(getsockopt(fd, SOL_SOCKET, name, value, new Int32Array([4])), 'getsockopt')
  return value[0]!
}
