import { createServer, type AddressInfo, type Socket } from 'node:net'
import type { Test } from 'tap'
import type { Peer } from '../../../src/keepalived/checkers/peer.js'

/** A TCP server on a free port of 127.0.0.1 until the test ends. */
export async function tcpServer(t: Test, serve: (socket: Socket) => void): Promise<Peer> {
  const open = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, socket => {
    open.add(socket)
    socket.on('error', () => {}).on('close', () => open.delete(socket))
    serve(socket)
  })
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  t.teardown(() => {
    server.close()
    for (const socket of open) socket.destroy()
  })
  return { address: '127.0.0.1', port: (server.address() as AddressInfo).port, fwmark: 0 }
}

export const NEVER: AbortSignal = new AbortController().signal
