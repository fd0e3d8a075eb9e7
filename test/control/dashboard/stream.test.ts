import { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import t from 'tap'
import { Stream } from '../../../src/control/dashboard/live/stream.js'
import { readView } from '../../../src/control/dashboard/live/view.js'

/** A response whose client takes nothing beyond `room` events. */
class Response extends EventEmitter {
  readonly written: string[] = []
  isDestroyed = false
  room: number

  constructor(room: number) {
    super()
    this.room = room
  }
  writeHead(): void {}
  write(event: Buffer): boolean {
    this.written.push(String(event))
    return this.written.length < this.room
  }
  destroy(): void {
    this.isDestroyed = true
  }
}

function streamTo(response: Response): Stream {
  const request = {
    socket: Object.assign(new EventEmitter(), { remoteAddress: '10.0.0.1' }),
  } as unknown as IncomingMessage
  return new Stream(request, response as unknown as ServerResponse, readView(new URLSearchParams()))
}

t.test('a client that does not read misses ticks, none pile up, and is dropped', async t => {
  const response = new Response(3)
  const stream = streamTo(response)
  for (let tick = 1; tick <= 17; tick++) stream.send(Buffer.from(String(tick)))
  t.strictSame(response.written, ['1', '2', '3'])
  t.equal(response.isDestroyed, false)
  stream.send(Buffer.from('18'))
  t.equal(response.isDestroyed, true)
})

t.test('one that reads again goes on with the present tick', async t => {
  const response = new Response(1)
  const stream = streamTo(response)
  for (let tick = 1; tick <= 10; tick++) stream.send(Buffer.from(String(tick)))
  response.room = 100
  response.emit('drain')
  for (let tick = 11; tick <= 30; tick++) stream.send(Buffer.from(String(tick)))
  t.strictSame(response.written.slice(0, 3), ['1', '11', '12'])
  t.equal(response.isDestroyed, false)
})
