/*
 * A program: ADDRESS PORT. Sends HTTP requests at a fixed rate on 50 persistent connections, and measures latencies
 * from when each request was due. After "RATE SECONDS" on standard input it runs, then prints {"perSecond", "p50", "p99"}: answers
 * a second and microseconds.
 *
 * wrk has no rate: it sends a request when the last answer has come, and its delay() has a resolution of 1 ms, so that requests
 * come in bursts, which is what it then measures. Here they are spread evenly, two at a time at 40 000 a second.
 */
import { createInterface } from 'node:readline'
import koffi from 'koffi'
import { check, mapMemory, read, socket, setsockopt, write } from '../../../src/linux/libc.js'
import { Epoll } from './epoll.js'
import { LatencyHistogram } from './latency-histogram.js'
import { RequestPace } from './request-pace.js'
import { wakeOnTime } from './short-sleep.js'
import { socketAddress } from './udp-messages.js'

const CONNECTIONS = 50
/** A wait shorter than this, in ms, is not slept. */
const SLEEP_MS = 0.01
/** Requests unanswered this long, in ms, after the last one was due are given up. */
const PATIENCE_MS = 2000
const ROOM = 65_536

const AF_INET = 2
const SOCK_STREAM = 1
const IPPROTO_TCP = 6
const TCP_NODELAY = 1

const libc = koffi.load(null)
const connect = libc.func('int connect(int fd, const void *addr, uint32_t len)')

wakeOnTime()

const [address = '', port = '80'] = process.argv.slice(2)
const request = mapMemory(4096)
const requestLen = Buffer.from(request.bytes.buffer).write(`GET / HTTP/1.1\r\nHost: ${address}\r\n\r\n`)
const answer = mapMemory(ROOM)
const epoll = new Epoll()
const fds = Array.from({ length: CONNECTIONS }, (_, id) => {
  const fd = check(socket(AF_INET, SOCK_STREAM, 0), 'socket')
  check(connect(fd, socketAddress(address, Number(port)), 16), `${address}:${port}`)
  check(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, Uint8Array.of(1, 0, 0, 0), 4), 'TCP_NODELAY')
  epoll.add(fd, id)
  return fd
})
/** All answers have the same length, as from a server with one fixed body: its Date header has a fixed length. */
const answerLen = firstAnswer(fds[0]!)

function firstAnswer(fd: number): number {
  check(write(fd, request.address, requestLen), 'the first request')
  let len = 0
  for (;;) {
    len += check(read(fd, answer.address + len, ROOM - len), 'the first answer')
    const text = Buffer.from(answer.bytes.buffer, 0, len).toString('latin1')
    const head = text.indexOf('\r\n\r\n') + 4
    const body = Number(/^content-length: *(\d+)\r$/im.exec(text)?.[1] ?? NaN)
    if (head > 4 && len >= head + body) return head + body
    if (head > 4 && Number.isNaN(body)) throw new Error('the answer does not say how long it is')
  }
}

interface Run {
  perSecond: number
  p50: number
  p99: number
}

function putLoad(perSecond: number, seconds: number): Run {
  const histogram = new LatencyHistogram()
  const began = performance.now() + 1
  const pace = new RequestPace(perSecond, began)
  const total = Math.round(perSecond * seconds)
  const dueMs = new Float64Array(CONNECTIONS)
  const missing = new Int32Array(CONNECTIONS)
  const idle = Int32Array.from(fds.keys())
  let idleCount = CONNECTIONS
  let sent = 0
  let now = performance.now()
  // A client that is behind goes on sending until then, and waits as long again for missing answers: the next run starts with none.
  const patience = pace.timeOf(total) + PATIENCE_MS
  const isOver = (): boolean => (histogram.count === total || now >= patience) && idleCount === CONNECTIONS
  for (; !isOver() && now < patience + PATIENCE_MS; now = performance.now()) {
    const most = now < patience ? total : 0
    for (; sent < most && idleCount > 0 && pace.timeOf(sent) <= now; sent++) {
      const id = idle[--idleCount]!
      dueMs[id] = pace.timeOf(sent)
      missing[id] = answerLen
      if (write(fds[id]!, request.address, requestLen) !== requestLen) throw new Error('a request was not sent whole')
    }
    const ready = epoll.ready()
    for (let i = 0; i < ready; i++) {
      const id = epoll.id(i)
      const before = missing[id]!
      const left = before - receive(fds[id]!, before === answerLen)
      missing[id] = left
      if (left > 0) continue
      if (left < 0) throw new Error('an answer was longer than the first')
      histogram.record((performance.now() - dueMs[id]!) * 1000)
      idle[idleCount++] = id
    }
    if (ready > 0) continue
    const isToSend = sent < most && idleCount > 0
    const wait = (isToSend ? pace.timeOf(sent) : patience + PATIENCE_MS) - performance.now()
    if (wait > SLEEP_MS) epoll.wait(wait)
  }
  if (idleCount < CONNECTIONS) throw new Error(`${CONNECTIONS - idleCount} requests were not answered`)
  const answered = (histogram.count / (now - began)) * 1000
  return { perSecond: answered, p50: histogram.percentile(50), p99: histogram.percentile(99) }
}

/** The length of an answer in octets; it must begin with 'HTTP/1.1 2'. */
function receive(fd: number, first: boolean): number {
  const octets = check(read(fd, answer.address, ROOM), 'an answer')
  if (octets === 0) throw new Error('a connection was closed')
  if (first && answer.bytes[9] !== 0x32)
    throw new Error(`status ${String.fromCharCode(...answer.bytes.subarray(9, 12))}`)
  return octets
}

for await (const line of createInterface(process.stdin)) {
  const [rate = 0, seconds = 0] = line.split(' ').map(Number)
  process.stdout.write(`${JSON.stringify(putLoad(rate, seconds))}\n`)
}
