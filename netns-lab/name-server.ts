/*
 * A real server for the lab where nginx is not installed, and for the tests. A program: NAME PORT [UDP-ADDRESS:PORT] [COUNT-FILE].
 *
 *   GET /            its name
 *   GET /octets/N    N octets, the same for every N
 *   POST /sha256     the SHA-256 of the body
 *   UDP              what came, with its name before it
 */
import { createHash } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { openSync, writeSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { argv } from 'node:process'
import { pattern } from './pattern.js'

const [name = 'rs', port = '80', udp = ':0', countFile] = argv.slice(2)
const [udpAddress, udpPort] = udp.split(':')
const count = countFile ? openSync(countFile, 'a') : undefined

const server = createServer((request, response) => {
  if (count !== undefined) writeSync(count, '.\n')
  answer(request, response)
})
server.listen(Number(port), '0.0.0.0')

if (Number(udpPort) > 0) {
  const socket = createSocket('udp4')
  const before = Buffer.from(`${name} `)
  socket.on('message', (octets, from) => socket.send([before, octets], from.port, from.address))
  socket.bind(Number(udpPort), udpAddress)
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const octets = /^\/octets\/(\d+)$/.exec(request.url ?? '')?.[1]
  if (octets !== undefined) {
    response.writeHead(200, { 'Content-Length': octets })
    Readable.from(pattern(Number(octets))).pipe(response)
  } else if (request.method === 'POST') {
    const hash = createHash('sha256')
    request.on('data', piece => hash.update(piece)).on('end', () => response.end(hash.digest('hex')))
  } else {
    response.writeHead(200, { 'Content-Type': 'text/plain' })
    response.end(`${name}\n`)
  }
}
