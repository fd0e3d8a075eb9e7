/*
 * Long-lived TCP sessions with an echo: nothing may happen to those of the director's kernel. A program: ADDRESS:PORT….
 * Each sends a line every 20 ms, which must come back. Twice a second it prints 'KEPT ADDRESS:PORT LINES SILENCE': the lines that came
 * back, and the longest time in ms that none came. When a session ends it prints 'LOST ADDRESS:PORT why', and the program ends.
 */
import { connect } from 'node:net'
import { argv } from 'node:process'

const LINE_MS = 20
const REPORT_MS = 500

argv.slice(2).forEach(keep)

function keep(at: string): void {
  const [host = '', port] = at.split(':')
  let sent = 0
  let echoed = 0
  let last = 0
  let silence = 0
  const silent = (): number => (silence = Math.max(silence, performance.now() - last))
  const socket = connect(Number(port), host, () => {
    last = performance.now()
    setInterval(() => socket.write(`${sent++}\n`), LINE_MS)
    setInterval(() => process.stdout.write(`KEPT ${at} ${echoed} ${Math.round(silent())}\n`), REPORT_MS)
  })
  socket.setNoDelay()
  let rest = ''
  socket.on('data', (octets: Buffer) => {
    silent()
    last = performance.now()
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
