import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** /proc/net/packet's columns. */
const [IFINDEX, INODE] = [4, 8]

/** The descriptors of this process that are packet sockets bound to an interface, in this thread's network namespace. */
export function packetSocketsOn(ifindex: number): number[] {
  const rows = readFileSync('/proc/thread-self/net/packet', 'utf8').trim().split('\n').slice(1)
  const inodes = new Set(
    rows.map(row => row.trim().split(/\s+/)).flatMap(row => (Number(row[IFINDEX]) === ifindex ? [row[INODE]] : [])),
  )
  return readdirSync('/proc/thread-self/fd').flatMap(fd => {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(linkOf(fd)) ?? []
    return inodes.has(inode) ? [Number(fd)] : []
  })
}

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/thread-self/fd/${fd}`)
  } catch {
    return '' // closed meanwhile, such as the one of the folder itself
  }
}
