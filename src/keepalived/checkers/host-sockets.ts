import { createSocket, type Socket as Datagrams } from 'node:dgram'
import { connect, Socket, type SocketConstructorOpts } from 'node:net'
import { hostSocket } from '../../linux/host-socket.js'
import { UP, down } from './check-result.js'
import type { CheckSockets } from './check-sockets.js'
import { exchange } from './datagram-exchange.js'
import { isIpv6, type Peer } from './peer.js'
import { echoRequest, isEchoReply, pingSocket } from './ping-socket.js'

let sequence = 0

/** Ordinary sockets of the host, in the network namespace of this process. */
export const hostSockets: CheckSockets = {
  connect(peer) {
    const { address: host, port, localAddress, localPort } = peer
    const to = {
      host,
      port,
      ...(localAddress !== undefined && { localAddress }),
      ...(localPort !== undefined && { localPort }),
    }
    if (!needsOptions(peer)) return connect(to)
    const fd = hostSocket({ ...optionsOf(peer), type: 'stream' })
    // manualStart: nothing is read before it is connected.
    return new Socket({ fd, manualStart: true } as SocketConstructorOpts).connect(to)
  },

  datagrams(peer, connected) {
    const socket = createSocket(isIpv6(peer.address) ? 'udp6' : 'udp4')
    const reach = (): void => socket.connect(peer.port, peer.address, () => connected(socket))
    const { localAddress, localPort } = peer
    if (needsOptions(peer)) {
      const local = { address: localAddress ?? (isIpv6(peer.address) ? '::' : '0.0.0.0'), port: localPort ?? 0 }
      socket.bind({ fd: hostSocket({ ...optionsOf(peer), type: 'datagrams', local }) }, reach)
    } else if (localAddress === undefined && localPort === undefined) reach()
    else socket.bind(localPort ?? 0, localAddress, reach)
    return socket
  },

  ping(peer, timeoutMs, signal) {
    const isV6 = isIpv6(peer.address)
    const number = (sequence = (sequence + 1) & 0xffff)
    return exchange(
      {
        request: echoRequest(isV6, number),
        received: reply => (isEchoReply(reply, isV6, number) ? UP : undefined),
        timedOut: () => down(`no echo reply within ${timeoutMs} ms`),
      },
      peer,
      timeoutMs,
      { ...hostSockets, datagrams: pings },
      signal,
    )
  },
}

function pings(peer: Peer, connected: (socket: Datagrams) => void): Datagrams {
  return pingSocket(peer, connected)
}

function needsOptions({ interface: name, fwmark }: Peer): boolean {
  return name !== undefined || fwmark !== 0
}

function optionsOf({ address, interface: name, fwmark }: Peer): {
  isIpv6: boolean
  mark: number
  interface?: string
} {
  return { isIpv6: isIpv6(address), mark: fwmark, ...(name !== undefined && { interface: name }) }
}
