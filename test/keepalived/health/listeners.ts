import { createServer, type AddressInfo } from 'node:net'

/* A program: listens on as many ports of every loopback address as its argument says, tells them to its parent, and serves until killed. */

const count = Number(process.argv[2])
const ports: number[] = []
for (let i = 0; i < count; i++) {
  const server = createServer(socket => socket.on('error', () => {}).resume())
  server.listen(0, '0.0.0.0', 1024, () => {
    ports.push((server.address() as AddressInfo).port)
    if (ports.length === count) process.send!(ports)
  })
}
process.once('disconnect', () => process.exit())
