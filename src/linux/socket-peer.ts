import { readFileSync } from 'node:fs'
import { getSocketOption, SocketOption } from './socket-option.js'

/* Who is at the other end of a unix socket, as the kernel knows it since it was connected: SO_PEERCRED, unix(7). */

/** struct ucred: pid, uid, gid. */
const UCRED = 12
const UID = 4

/** The user's number. undefined: the kernel does not say. */
export function peerUid(fd: number): number | undefined {
  return getSocketOption(fd, SocketOption.PEERCRED, UCRED)?.readUInt32LE(UID)
}

/** A user's name, or its number if it has none. Reads a file. */
export function userName(uid: number, passwd = '/etc/passwd'): string {
  return nameOf(String(uid), passwd) ?? `uid ${uid}`
}

function nameOf(uid: string, passwd: string): string | undefined {
  try {
    const lines = readFileSync(passwd, 'utf8').split('\n')
    return lines.map(line => line.split(':')).find(fields => fields[2] === uid)?.[0]
  } catch {
    return undefined
  }
}
