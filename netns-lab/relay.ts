/*
 * A program: LISTEN CONNECT. Takes connections at LISTEN, and joins each with one of its own to CONNECT. Each is ADDRESS:PORT or the path of
 * a Unix socket, which reaches from one network namespace into another. Says where it listens; port 0 is any that is free.
 */
import { createConnection, createServer, type AddressInfo, type NetConnectOpts } from 'node:net'
import { argv } from 'node:process'
import { pipeline } from 'node:stream'

const [listen = '127.0.0.1:0', connect = '127.0.0.1:80'] = argv.slice(2)

/** An end that goes takes the other with it. */
const server = createServer({ allowHalfOpen: true }, from => {
  const to = createConnection({ ...place(connect), allowHalfOpen: true })
  pipeline(from, to, from, () => {})
})
server.listen({ ...place(listen), exclusive: true }, () => {
  const at = server.address() as AddressInfo | string
  process.stdout.write(`listens at ${typeof at === 'string' ? at : `${at.address}:${at.port}`}\n`)
})

function place(text: string): NetConnectOpts {
  if (text.startsWith('/')) return { path: text }
  const colon = text.lastIndexOf(':')
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) }
}
