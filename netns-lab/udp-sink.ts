/*
 * A program: PORT. Receives datagrams on one socket and counts those of a run. On standard input "begin RUN" forgets what
 * came before and answers "ok"; "end" waits until nothing comes any more and answers {"received", "repeated", "strange"}.
 *
 * It looks each millisecond and takes all there is: a sender whose frame finds a receiver asleep on its socket pays for
 * waking it up.
 */
import { createInterface } from 'node:readline'
import { bind, check, socket } from '../src/io/libc.js'
import { Arrivals, MOST_FRAMES } from './arrivals.js'
import { forceReceiveBuffer, Messages, socketAddress } from './udp-messages.js'

const LOOK_MS = 1
const BATCH = 512
/** In the kernel's count a small datagram is up to 2304 octets: a tenth of a second's worth at 10⁶ a second. */
const BUFFER = 256 << 20
/** So long nothing has come: nothing will. */
const SETTLED_MS = 60

const AF_INET = 2
const SOCK_DGRAM = 2

const fd = check(socket(AF_INET, SOCK_DGRAM, 0), 'socket')
forceReceiveBuffer(fd, BUFFER)
const port = Number(process.argv[2])
check(bind(fd, socketAddress('0.0.0.0', port), 16), `port ${port}`)

const messages = Messages.toReceive(BATCH)
const arrivals = new Arrivals(MOST_FRAMES)
let cameMs = 0

function look(): void {
  const { words } = messages
  for (;;) {
    const count = messages.receive(fd)
    for (let i = 0; i < count; i++) arrivals.take(words[2 * i]!, words[2 * i + 1]!)
    if (count > 0) cameMs = performance.now()
    if (count < BATCH) return
  }
}
const looking = setInterval(look, LOOK_MS)

for await (const line of createInterface(process.stdin)) {
  const [what, run] = line.split(' ')
  if (what === 'begin') {
    look()
    arrivals.begin(Number(run))
    process.stdout.write('ok\n')
  } else {
    cameMs = performance.now()
    while (performance.now() - cameMs < SETTLED_MS) await new Promise(done => setTimeout(done, LOOK_MS))
    const { received, repeated, strange } = arrivals
    process.stdout.write(`${JSON.stringify({ received, repeated, strange })}\n`)
  }
}
clearInterval(looking)
