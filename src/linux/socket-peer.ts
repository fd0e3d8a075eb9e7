import { readFileSync } from 'node:fs'
import { getSocketOption, SocketOption } from './socket-option.js'

/* Who is at the other end of a unix socket, as the kernel knows it since it was connected: SO_PEERCRED, unix(7). */

/** struct ucred: pid, uid, gid. */
const UCRED = 12
const UID = 4

/** The user's name, or its number if it has none. undefined: the kernel does not say. */
export function peerUser(fd: number, passwd = '/etc/passwd'): string | undefined {
  const credentials = getSocketOption(fd, SocketOption.PEERCRED, UCRED)
  if (!credentials) return undefined
  const uid = String(credentials.readUInt32LE(UID))
  return nameOf(uid, passwd) ?? `uid ${uid}`
}

function nameOf(uid: string, passwd: string): string | undefined {
  try {
    const lines = readFileSync(passwd, 'utf8').split('\n')
    return lines.map(line => line.split(':')).find(fields => fields[2] === uid)?.[0]
  } catch {
    return undefined
  }
}
