import { createSocket, type Socket } from 'node:dgram'
import { readFileSync, writeFileSync } from 'node:fs'
import { hostSocket, type HostSocketOptions } from '../../linux/host-socket.js'
import { isIpv6, type Peer } from './peer.js'

/* A ping socket (icmp(7)) speaks ICMP echo alone; to Node it is a UDP socket. The kernel chooses the id and computes the checksum. */

const ECHO_REQUEST = 8
const ECHO_REPLY = 0
const ECHO_REQUEST_V6 = 128
const ECHO_REPLY_V6 = 129
const HEADER_LEN = 8
/** As long as ping's. */
const ECHO_LEN = HEADER_LEN + 56
/** A ping socket has none, but Node wants one. */
const ANY_PORT = 1
/** Which groups may open one; also for IPv6. */
const GROUP_RANGE = '/proc/sys/net/ipv4/ping_group_range'

/** An echo request with a sequence number. */
export function echoRequest(isV6: boolean, sequence: number): Buffer {
  const request = Buffer.alloc(ECHO_LEN)
  request[0] = isV6 ? ECHO_REQUEST_V6 : ECHO_REQUEST
  request.writeUInt16BE(sequence, 6)
  return request
}

/** Whether a message is the reply to it. */
export function isEchoReply(reply: Buffer, isV6: boolean, sequence: number): boolean {
  return (
    reply.length >= HEADER_LEN && reply[0] === (isV6 ? ECHO_REPLY_V6 : ECHO_REPLY) && reply.readUInt16BE(6) === sequence
  )
}

/** A ping socket connected to the peer. Throws SystemError. */
export function pingSocket(peer: Peer, connected: (socket: Socket) => void): Socket {
  const isV6 = isIpv6(peer.address)
  const fd = openPing({
    isIpv6: isV6,
    type: 'ping',
    mark: peer.fwmark,
    ...(peer.interface !== undefined && { interface: peer.interface }),
    ...(peer.localAddress !== undefined && { local: { address: peer.localAddress, port: 0 } }),
  })
  const socket = createSocket(isV6 ? 'udp6' : 'udp4')
  socket.bind({ fd }, () => socket.connect(ANY_PORT, peer.address, () => connected(socket)))
  return socket
}

/** Where this process' group may open none, and may change that, it is let in, as keepalived does it. */
function openPing(options: HostSocketOptions): number {
  try {
    return hostSocket(options)
  } catch (error) {
    if ((error as { code?: string }).code !== 'EACCES' || !letIn()) throw error
    return hostSocket(options)
  }
}

function letIn(): boolean {
  const gid = process.getegid!()
  try {
    const [first = 1, last = 0] = readFileSync(GROUP_RANGE, 'utf8').trim().split(/\s+/).map(Number)
    const range = first > last ? [gid, gid] : [Math.min(first, gid), Math.max(last, gid)]
    writeFileSync(GROUP_RANGE, range.join(' '))
    return true
  } catch {
    return false
  }
}
