/*
 * A client: connects, sends so many octets, and says what comes back; nothing after so long without a connection, ms.
 *
 *   node send-octets.js ADDRESS PORT OCTETS [MS] PATIENCE
 */
import { connect } from 'node:net'

const [host = '', port = '', octets = '', patienceMs = ''] = process.argv.slice(2)
const socket = connect({ host, port: Number(port) })
const patience = setTimeout(() => socket.destroy(), Number(patienceMs))
socket.on('connect', () => {
  clearTimeout(patience)
  socket.end(Buffer.alloc(Number(octets), 7))
})
socket.on('error', error => console.log((error as NodeJS.ErrnoException).code))
socket.on('data', said => process.stdout.write(said))
