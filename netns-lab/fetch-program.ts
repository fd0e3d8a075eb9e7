/* curl, where there is none. A program: URL. Prints the octets of the body and the seconds that it took. */
import { get } from 'node:http'

const began = performance.now()
let octets = 0
get(process.argv[2] ?? '', { agent: false }, answer => {
  if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}`)
  answer.on('data', (piece: Buffer) => (octets += piece.length))
  answer.on('end', () => process.stdout.write(`${octets} ${(performance.now() - began) / 1000}`))
})
