/*
 * For servers behind a uvs FULLNAT service, or any other sender of PROXY headers: who the client really is.
 *
 *     import { createServer } from 'node:http'
 *     import { clientAddress, receiveClientAddress } from 'uvs/client-address'
 *
 *     const server = createServer((request, response) => response.end(clientAddress(request.socket).address))
 *     receiveClientAddress(server, { by: 'proxy', trusted: ['172.16.20.0/24'] })
 *     server.listen(80)
 */
import { BlockList, isIP, type Server, type Socket } from 'node:net'
import { readProxyHeader, type Ends } from './proxy-header.js'
import { savedSyn, type SavedSyn } from './saved-syn.js'

export interface ClientAddressOptions {
  /** By a PROXY header, version 1 or 2, or by TOA: as the service is set. */
  by: 'proxy' | 'toa'
  /** Who is believed, 'ADDRESS' or 'ADDRESS/PREFIX': the director's local addresses. Default: everybody. */
  trusted?: readonly string[]
  /** What is done with a trusted peer's connection that begins without a PROXY header. Default: 'refuse'. */
  withoutHeader?: 'refuse' | 'pass'
  /** Milliseconds that a PROXY header may take. Default: 5000. */
  timeoutMs?: number
  /** Octets that a PROXY header of version 2 may have. Default: 536. */
  mostOctets?: number
}

export interface ClientAddress {
  /** The client's. */
  address: string
  port: number
  /** How it was learnt; 'peer': it is whom the socket is connected to. */
  by: 'proxy' | 'toa' | 'peer'
  /** What the client connected to, the virtual service: PROXY headers tell. */
  localAddress?: string
  localPort?: number
}

const TIMEOUT_MS = 5000
const MOST_OCTETS = 536

const known = new WeakMap<object, ClientAddress>()

/** Who the client of an accepted connection is. Of a TLS connection too. */
export function clientAddress(socket: Socket): ClientAddress {
  const under = (socket as { _parent?: object })._parent
  const learnt = known.get(socket) ?? (under && known.get(under))
  return learnt ?? { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0, by: 'peer' }
}

/**
 * Has a server (of node:net, node:http, node:https or node:tls) learn its clients' addresses, before it listens. Its
 * 'connection' event comes once the address is known; `remoteAddress` and `remotePort` of the socket then say it too.
 * RangeError for options that are wrong.
 */
export function receiveClientAddress(server: Server, options: ClientAddressOptions): void {
  const trusts = trustOf(options.trusted)
  if (options.by === 'toa') return receiveToa(server, trusts)
  if (options.by !== 'proxy') throw new RangeError(`by: '${String(options.by)}' is neither 'proxy' nor 'toa'`)
  receiveHeaders(server, options, trusts)
}

function receiveToa(server: Server, trusts: (socket: Socket) => boolean): void {
  const syns: SavedSyn = savedSyn()
  server.on('listening', () => syns.keep(fdOf(server)))
  server.prependListener('connection', (socket: Socket) => {
    const found = trusts(socket) ? syns.read(fdOf(socket)) : undefined
    if (found) learn(socket, { ...found, by: 'toa' })
  })
}

function receiveHeaders(server: Server, options: ClientAddressOptions, trusts: (socket: Socket) => boolean): void {
  const emit = server.emit.bind(server) as (event: string | symbol, ...args: unknown[]) => boolean
  const pass = (socket: Socket): void => void emit('connection', socket)
  server.emit = (event: string | symbol, ...args: unknown[]): boolean => {
    const [socket] = args as [Socket]
    if (event !== 'connection' || !trusts(socket)) return emit(event, ...args)
    awaitHeader(socket, options, pass)
    return true
  }
}

/** Takes the header off the connection, then hands it on with everything behind the header still to be read. */
function awaitHeader(socket: Socket, options: ClientAddressOptions, pass: (socket: Socket) => void): void {
  const { timeoutMs = TIMEOUT_MS, mostOctets = MOST_OCTETS, withoutHeader = 'refuse' } = options
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

function trustOf(trusted: readonly string[] | undefined): (socket: Socket) => boolean {
  if (trusted === undefined) return () => true
  const list = new BlockList()
  for (const text of trusted) {
    const [address = '', prefix, ...rest] = text.split('/')
    const version = isIP(address)
    const bits = prefix === undefined ? (version === 4 ? 32 : 128) : /^\d{1,3}$/.test(prefix) ? Number(prefix) : NaN
    if (version === 0 || !(bits <= (version === 4 ? 32 : 128)) || rest.length > 0)
      throw new RangeError(`trusted: '${text}' is neither an address nor ADDRESS/PREFIX`)
    list.addSubnet(address, bits, version === 4 ? 'ipv4' : 'ipv6')
  }
  return ({ remoteAddress = '' }) => {
    const address = remoteAddress.replace(/^::ffff:(?=\d+\.)/, '')
    return isIP(address) !== 0 && list.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6')
  }
}

/** The descriptor that Node keeps to itself; −1 where there is none. */
function fdOf(owner: Server | Socket): number {
  return (owner as { _handle?: { fd?: number } })._handle?.fd ?? -1
}
