/*
 * A program: FILE ADDRESS:PORT. Answers streams of ticks as recordStreams wrote them to FILE, at the pace of a director and without one: what
 * ten streams cost a machine whoever sends them. Says where it listens.
 */
import { readFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'

const TICK_MS = 1000

const [file = '', at = ''] = process.argv.slice(2)
const recorded = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string[]>
const ticks = new Map(Object.entries(recorded).map(([query, texts]) => [query, texts.map(text => Buffer.from(text))]))
const streams = new Map<ServerResponse, { ticks: readonly Buffer[]; next: number }>()

function send(response: ServerResponse): void {
  const stream = streams.get(response)!
  response.write(stream.ticks[stream.next++ % stream.ticks.length])
}

createServer((request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  streams.set(response, { ticks: ticks.get((request.url ?? '').split('?')[1] ?? '')!, next: 0 })
  response.once('close', () => streams.delete(response))
  send(response)
}).listen(Number(at.split(':')[1]), at.split(':')[0], () => process.stdout.write(`listens at ${at}\n`))

setInterval(() => {
  for (const response of streams.keys()) send(response)
}, TICK_MS)
