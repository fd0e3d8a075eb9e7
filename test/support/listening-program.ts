import { createServer, type AddressInfo } from 'node:net'

/* A program: listens on as many ports of every loopback address as its first argument says, with a backlog, tells them to its parent, and serves until killed. */

const [count = 1, backlog = 1024] = process.argv.slice(2).map(Number)
const ports: number[] = []
for (let i = 0; i < count; i++) {
  const server = createServer(socket => socket.on('error', () => {}).resume())
  server.listen(0, '0.0.0.0', backlog, () => {
    ports.push((server.address() as AddressInfo).port)
    if (ports.length === count) process.send!(ports)
  })
}
process.once('disconnect', () => process.exit())
