/*
 * A program: PORT. Counts the datagrams of a run that reach one socket. On standard input "begin RUN" resets the count and
 * is answered by "ok"; "end" waits until no more datagrams come and is answered by the count.
 */
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { bind, check, socket } from '../../../src/linux/libc.js'
import { Arrivals } from './arrivals.js'
import { socketAddress } from './udp-messages.js'

/** After so many ms without a datagram, no more are expected. */
const SETTLED_MS = 60

const AF_INET = 2
const SOCK_DGRAM = 2

const fd = check(socket(AF_INET, SOCK_DGRAM, 0), 'socket')
const arrivals = new Arrivals(fd)
const port = Number(process.argv[2])
check(bind(fd, socketAddress('0.0.0.0', port), 16), `port ${port}`)

for await (const line of createInterface(process.stdin)) {
  const [what, run] = line.split(' ')
  if (what === 'begin') arrivals.begin(Number(run))
  process.stdout.write(what === 'begin' ? 'ok\n' : `${await settled()}\n`)
}

async function settled(): Promise<number> {
  for (let before = -1, now = arrivals.count(); ; before = now, now = arrivals.count()) {
    if (now === before) return now
    await sleep(SETTLED_MS)
  }
}
