/*
 * A real server behind FULLNAT that logs who its clients are, by uvs/client-address. A program: LOG PORT=BY ..., such as
 * 80=proxy. GET /octets/N: N octets; POST: the SHA-256 of the body; anything else: the client's address and port.
 */
import { openSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'
import { argv } from 'node:process'
import { answerOctets } from '../../netns-lab/octets-answer.js'
import { clientAddress, receiveClientAddress } from '../../src/client-address/index.js'

const [log = '', ...ports] = argv.slice(2)
const file = openSync(log, 'a')

for (const each of ports) {
  const [port, by] = each.split('=') as [string, 'proxy' | 'toa']
  const server = createServer((request, response) => {
    const client = clientAddress(request.socket)
    writeSync(file, `${client.address} ${client.by}\n`)
    if (!answerOctets(request, response)) response.end(`${client.address}:${client.port}\n`)
  })
  receiveClientAddress(server, { by, trusted: ['172.16.20.0/24'] })
  server.listen(Number(port), '0.0.0.0')
}
