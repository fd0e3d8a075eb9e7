/*
 * A server: says `ready`, then to each client how many octets it has received. It ends with its standard input.
 *
 *   node answer-octets.js PORT
 */
import { createServer } from 'node:net'

const port = process.argv[2]
const server = createServer({ allowHalfOpen: true }, socket => {
  let octets = 0
  socket.on('data', data => void (octets += data.length))
  socket.on('end', () => socket.end(`${octets} octets at ${port}`))
  socket.on('error', () => {})
})
server.listen(Number(port), '0.0.0.0', () => console.log('ready'))
process.stdin.on('end', () => process.exit()).resume()
