/*
 * For servers behind a uvs FULLNAT service, or behind any sender of PROXY headers: the client's real address.
 *
 *     import { createServer } from 'node:http'
 *     import { clientAddress, receiveClientAddress } from 'uvs/client-address'
 *
 *     const server = createServer((request, response) => response.end(clientAddress(request.socket).address))
 *     receiveClientAddress(server, { by: 'proxy', trusted: ['172.16.20.0/24'] })
 *     server.listen(80)
 */
import { Server, type Socket } from 'node:net'
import { settingsOf, type ClientAddressOptions, type Settings } from './options.js'
import { readProxyHeader, type Ends } from './proxy-header.js'
import { savedSyn, type SavedSyn } from './saved-syn.js'
import { shown } from './shown.js'
import type { Trust } from './trust.js'

export type { ClientAddressOptions } from './options.js'

export interface ClientAddress {
  /** The client's. */
  address: string
  port: number
  /** How the address was learnt; 'peer': it is the socket's own peer. */
  by: 'proxy' | 'toa' | 'peer'
  /** The address that the client connected to, the virtual service; known from PROXY headers only. */
  localAddress?: string
  localPort?: number
}

const known = new WeakMap<object, ClientAddress>()
const receiving = new WeakSet<Server>()

/** The client of an accepted connection, also of a TLS connection. TypeError for anything but a socket. */
export function clientAddress(socket: Socket): ClientAddress {
  if (typeof socket !== 'object' || socket === null || !('remoteAddress' in socket))
    throw new TypeError(`clientAddress: ${shown(socket)} is no socket`)
  const under = (socket as { _parent?: object })._parent
  const learnt = known.get(socket) ?? (under && known.get(under))
  return learnt ?? { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0, by: 'peer' }
}

/**
 * Makes a server (of node:net, node:http, node:https or node:tls) learn its clients' addresses; call it before it listens. The
 * 'connection' event is delayed until the address is known; `remoteAddress` and `remotePort` of the socket then say it too.
 * Call it once for each server. TypeError or RangeError, in a line, for wrong options and for a second call.
 */
export function receiveClientAddress(server: Server, options: ClientAddressOptions): void {
  if (!(server instanceof Server))
    throw new TypeError(`receiveClientAddress: ${shown(server)} is no server of node:net`)
  if (receiving.has(server))
    throw new TypeError('receiveClientAddress: called a second time for this server; once is allowed')
  const settings = settingsOf(options)
  if (settings.by === 'toa') receiveToa(server, settings.trusts)
  else receiveHeaders(server, settings)
  receiving.add(server)
}

function receiveToa(server: Server, trusts: Trust): void {
  const syns: SavedSyn = savedSyn()
  server.on('listening', () => syns.keep(fdOf(server)))
  server.prependListener('connection', (socket: Socket) => {
    const found = trusts(socket) ? syns.read(fdOf(socket)) : undefined
    if (found) learn(socket, { ...found, by: 'toa' })
  })
}

function receiveHeaders(server: Server, settings: Settings): void {
  const emit = server.emit.bind(server) as (event: string | symbol, ...args: unknown[]) => boolean
  const pass = (socket: Socket): void => void emit('connection', socket)
  server.emit = (event: string | symbol, ...args: unknown[]): boolean => {
    const [socket] = args as [Socket]
    if (event !== 'connection' || !settings.trusts(socket)) return emit(event, ...args)
    awaitHeader(socket, settings, pass)
    return true
  }
}

/** Takes the header off the connection, then emits it with everything behind the header still unread. */
function awaitHeader(socket: Socket, settings: Settings, pass: (socket: Socket) => void): void {
  const { timeoutMs, mostOctets, withoutHeader } = settings
  let octets: Buffer = Buffer.alloc(0)

  const stop = (): void => {
    clearTimeout(timer)
    socket.off('readable', read).off('end', refuse).off('error', refuse).off('close', stop)
  }
  const refuse = (): void => {
    stop()
    socket.on('error', () => {}).destroy()
  }
  const handOn = (rest: Buffer, ends: Ends | undefined): void => {
    stop()
    if (ends) learn(socket, { ...ends, by: 'proxy' })
    if (rest.length > 0) socket.unshift(rest)
    pass(socket)
  }
  const without = (): void => (withoutHeader === 'pass' ? handOn(octets, undefined) : refuse())
  const read = (): void => {
    for (let chunk: Buffer | null; (chunk = socket.read() as Buffer | null) !== null;)
      octets = octets.length === 0 ? chunk : Buffer.concat([octets, chunk])
    if (octets.length === 0) return
    const header = readProxyHeader(octets, mostOctets)
    if (header === 'more') return
    if (header === 'bad') refuse()
    else if (header === 'none') without()
    else handOn(octets.subarray(header.len), header.ends)
  }
  const timer = setTimeout(without, timeoutMs)
  socket.on('readable', read).on('end', refuse).on('error', refuse).on('close', stop)
}

function learn(socket: Socket, client: ClientAddress): void {
  known.set(socket, client)
  Object.defineProperty(socket, 'remoteAddress', { value: client.address, configurable: true })
  Object.defineProperty(socket, 'remotePort', { value: client.port, configurable: true })
}

/** The socket's file descriptor, which Node keeps private; −1 if there is none. */
function fdOf(owner: Server | Socket): number {
  return (owner as { _handle?: { fd?: number } })._handle?.fd ?? -1
}
