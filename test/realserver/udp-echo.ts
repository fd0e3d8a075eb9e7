/* A program: ADDRESS PORT. Sends datagrams back, from the address that they came to. */
import { createSocket } from 'node:dgram'

const [address = '', port = ''] = process.argv.slice(2)
const socket = createSocket('udp4')
socket.on('message', (text, from) => socket.send(text, from.port, from.address))
socket.bind(Number(port), address, () => process.stdout.write('ready\n'))
