/*
 * An end of a TCP connection in the drain test, a program: `serve PORT` or `connect ADDRESS PORT`. It says what happens to
 * it, a line each, and sends an octet when it gets SIGUSR2.
 */
import { connect, createServer, type Socket } from 'node:net'

const [, , mode, ...words] = process.argv
const say = (line: string): void => void process.stdout.write(`${line}\n`)
let current: Socket | undefined

function take(socket: Socket): void {
  current = socket
  socket.on('data', data => say(`got ${data.length}`))
  socket.on('error', (error: NodeJS.ErrnoException) => say(`error ${error.code}`))
  socket.on('end', () => say('end'))
}

process.on('SIGUSR2', () => current?.write('x'))
if (mode === 'serve')
  createServer(socket => {
    take(socket)
    say('open')
  }).listen(Number(words[0]), '0.0.0.0', () => say('ready'))
else {
  const socket = connect(Number(words[1]), words[0], () => say('open'))
  take(socket)
}
