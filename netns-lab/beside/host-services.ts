/*
 * What the director's host serves by its own kernel: an echo, as long-lived as sshd, and the web. A program: ECHO-PORT WEB-PORT….
 * Prints 'ready' when it listens everywhere.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createEcho } from 'node:net'
import { argv } from 'node:process'
import { KERNEL } from './beside-plan.js'

const [echoPort, ...webPorts] = argv.slice(2).map(Number)

const echo = createEcho(socket => socket.on('error', () => {}).pipe(socket))
const webs = webPorts.map(() => createServer((_, response) => response.end(`${KERNEL}\n`)))
const listening = [echo, ...webs].map((server, i) => {
  server.listen([echoPort!, ...webPorts][i], '0.0.0.0')
  return once(server, 'listening')
})
await Promise.all(listening)
process.stdout.write('ready\n')
