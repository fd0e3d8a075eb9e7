/*
 * Long-lived TCP sessions, for tests. A program:
 *   serve PORT                 echoes what comes
 *   keep SOURCE ADDRESS:PORT…  a session to each; a line every 20 ms, which must come back. Prints 'KEPT n' a second, and 'LOST
 *                              ADDRESS why' when one ends
 */
import { connect, createServer } from 'node:net'
import { argv } from 'node:process'

const [what, ...words] = argv.slice(2)
if (what === 'serve')
  createServer(socket => socket.on('error', () => {}).pipe(socket)).listen(Number(words[0]), '0.0.0.0')
else words.forEach(keep)

function keep(at: string): void {
  const [host = '', port] = at.split(':')
  let sent = 0
  let echoed = 0
  const socket = connect(Number(port), host, () => {
    setInterval(() => socket.write(`${sent++}\n`), 20)
    setInterval(() => process.stdout.write(`KEPT ${at} ${echoed}\n`), 500)
  })
  let rest = ''
  socket.on('data', (octets: Buffer) => {
    const lines = (rest + octets.toString()).split('\n')
    rest = lines.pop()!
    for (const line of lines) if (Number(line) !== echoed++) lose('what came back is not what was sent')
  })
  const lose = (why: string): never => {
    process.stdout.write(`LOST ${at} ${why}\n`)
    process.exit(1)
  }
  socket.on('error', ({ message }) => lose(message))
  socket.on('close', () => lose('closed'))
}
