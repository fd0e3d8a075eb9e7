/*
 * A real server for the lab where nginx is not installed, and for the tests. A program: NAME PORT [UDP-ADDRESS:PORT] [COUNT-FILE].
 *
 *   GET /            its name
 *   GET /octets/N    N octets, the same for every N
 *   POST /sha256     the SHA-256 of the body
 *   UDP              what came, with its name before it
 */
import { createSocket } from 'node:dgram'
import { openSync, writeSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { argv } from 'node:process'
import { answerOctets } from './octets-answer.js'

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
  if (answerOctets(request, response)) return
  response.writeHead(200, { 'Content-Type': 'text/plain' })
  response.end(`${name}\n`)
}
