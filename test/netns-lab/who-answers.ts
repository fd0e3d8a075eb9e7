import { readFileSync } from 'node:fs'
import { connect } from 'node:net'

/*
 * A program: ADDRESS PORT FILE. FILE has lines of ADDRESS:PORT; a request goes from each, some at a time. Prints as JSON who answered each, by
 * the answer's own words; '' where there was none.
 */

const AT_ONCE = 20
/** Of a busy machine, ms. */
const LIMIT_MS = 60_000

const [host = '', port = '', file = ''] = process.argv.slice(2)
const clients = readFileSync(file, 'utf8').trim().split('\n')
const answers: Record<string, string> = {}

function ask(client: string): Promise<string> {
  const [localAddress = '', localPort] = client.split(':')
  return new Promise(resolve => {
    let text = ''
    const socket = connect({ host, port: Number(port), localAddress, localPort: Number(localPort), timeout: LIMIT_MS })
    socket.setEncoding('latin1').on('data', piece => (text += String(piece)))
    socket.on('timeout', () => socket.destroy())
    socket.on('error', () => resolve(''))
    socket.on('close', () => resolve(text.trim().split('\n').at(-1) ?? ''))
    socket.write('GET / HTTP/1.0\r\n\r\n')
  })
}

async function one(): Promise<void> {
  for (let client = clients.pop(); client !== undefined; client = clients.pop()) answers[client] = await ask(client)
}
await Promise.all(Array.from({ length: AT_ONCE }, one))
process.stdout.write(JSON.stringify(answers))
