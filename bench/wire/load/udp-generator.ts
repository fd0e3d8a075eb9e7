/*
 * A program: ADDRESS PORT FLOWS. Sends datagrams in Ethernet frames of 60 octets, from FLOWS source ports, a connected
 * socket each, a batch from each in turn. After "RUN RATE SECONDS" on standard input it runs, then prints {"sent", "seconds"};
 * a RATE of 0 means as fast as possible.
 */
import { createInterface } from 'node:readline'
import koffi from 'koffi'
import { check, socket } from '../../../src/linux/libc.js'
import { MOST_FRAMES } from './arrivals.js'
import { Pace } from './pace.js'
import { shortSleep, wakeOnTime } from './short-sleep.js'
import { Messages, socketAddress } from './udp-messages.js'

const BATCH = 32

const AF_INET = 2
const SOCK_DGRAM = 2

const libc = koffi.load(null)
const connect = libc.func('int connect(int fd, const void *addr, uint32_t len)')

wakeOnTime()

const [address = '', port, flows] = process.argv.slice(2)
const fds = Array.from({ length: Number(flows) }, () => {
  const fd = check(socket(AF_INET, SOCK_DGRAM, 0), 'socket')
  check(connect(fd, socketAddress(address, Number(port)), 16), `${address}:${port}`)
  return fd
})
const messages = new Messages(BATCH)

function generate(run: number, perSecond: number, seconds: number): { sent: number; seconds: number } {
  const began = performance.now()
  const end = began + seconds * 1000
  const pace = new Pace(perSecond || Infinity, BATCH, began)
  let sent = 0
  let turn = 0
  let now = began
  for (; now < end && sent <= MOST_FRAMES - BATCH; now = performance.now()) {
    for (let due = pace.due(now); due > 0; due -= BATCH) {
      sent += messages.send(fds[turn++ % fds.length]!, run, sent)
    }
    shortSleep(pace.waitMs())
  }
  return { sent, seconds: (now - began) / 1000 }
}

for await (const line of createInterface(process.stdin)) {
  const [run = 0, rate = 0, seconds = 0] = line.split(' ').map(Number)
  process.stdout.write(`${JSON.stringify(generate(run, rate, seconds))}\n`)
}
