/*
 * A program: ADDRESS PORT. Connects again and again until SIGTERM; then it prints how many times, the longest of it in ms,
 * and what errors there were.
 */
import { once } from 'node:events'
import { connect } from 'node:net'

const [address = '', port = ''] = process.argv.slice(2)
const errors: string[] = []
let times = 0
let longest = 0
let ending = false
process.once('SIGTERM', () => (ending = true))
process.stdout.write('ready\n')
while (!ending) {
  const began = performance.now()
  const socket = connect(Number(port), address)
  try {
    await once(socket, 'connect')
  } catch (error) {
    errors.push((error as NodeJS.ErrnoException).code ?? String(error))
  }
  socket.resetAndDestroy()
  times++
  longest = Math.max(longest, performance.now() - began)
}
process.stdout.write(`${JSON.stringify({ times, longest, errors })}\n`)
