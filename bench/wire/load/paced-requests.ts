/*
 * A program: ADDRESS PORT. HTTP requests at a fixed rate on 50 connections that stay open, and how long their answers
 * took from when each request was due. On standard input "RATE SECONDS" is answered by {"perSecond", "p50", "p99"}: the answers
 * a second and microseconds.
 *
 * wrk has no rate: it sends when it has its answer, and its delay() wakes by the millisecond, so that requests come in bursts
 * that measure the burst. Here they are spread evenly, two at a time at 40 000 a second.
 */
import { createInterface } from 'node:readline'
import koffi from 'koffi'
import { check, mapMemory, read, socket, setsockopt, write } from '../../../src/linux/libc.js'
import { Epoll } from './epoll.js'
import { LatencyHistogram } from './latency-histogram.js'
import { RequestPace } from './request-pace.js'
import { socketAddress } from './udp-messages.js'

const CONNECTIONS = 50
/** A wait shorter than this is not slept. */
const SLEEP_MS = 0.01
/** What is not answered this long after the last request was due is given up. */
const PATIENCE_MS = 2000
const ROOM = 65_536

const AF_INET = 2
const SOCK_STREAM = 1
const IPPROTO_TCP = 6
const TCP_NODELAY = 1
const PR_SET_TIMERSLACK = 29

const libc = koffi.load(null)
const connect = libc.func('int connect(int fd, const void *addr, uint32_t len)')
const prctl = libc.func('int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)')

// Linux lets a sleep be 50 µs longer, unless told that 1 ns is the most.
prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0)

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
/** All answers are of one length, as a server's are that says the same each time: its Date has a fixed one. */
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
  // Who falls behind sends until then, and waits as long again for what is still out: the next run begins with none.
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

/** Octets of an answer; its first ones are 'HTTP/1.1 2'. */
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
