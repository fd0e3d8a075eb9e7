/* A substitute for curl. A program: URL. Prints the body's length in octets and the duration in seconds. */
import { get } from 'node:http'

const began = performance.now()
let octets = 0
get(process.argv[2] ?? '', { agent: false }, answer => {
  if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}`)
  answer.on('data', (piece: Buffer) => (octets += piece.length))
  answer.on('end', () => process.stdout.write(`${octets} ${(performance.now() - began) / 1000}`))
})
