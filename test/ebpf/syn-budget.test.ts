import t from 'tap'
import { Mark } from '../../src/ebpf/front-program.js'
import { ProgramFront } from '../../src/ebpf/program-front.js'
import { VerdictCounters } from '../../src/director/verdict-counters.js'
import { AddressKind, type FrontMode } from '../../src/packet/front.js'
import { LaterFates } from '../../src/packet/later-fates.js'
import { parseIpv4 } from '../../src/wire/addr.js'
import { tcp4, udp4 } from '../support/frames.js'
import { runProgram } from '../io/run-program.js'

/* The program keeps SYNs within their budgets. It goes by the clock: what is held is what that allows, however slow the machine is. */

const skip = process.getuid?.() === 0 ? false : 'not root'

const VIP = '10.0.0.1'
const DROP = 2
const WINDOW_MS = 2 ** 27 / 1e6
const MODES = ['beside', 'exclusive'] as const

/** A front with a service at VIP:80, to which `perSecond` SYNs may come. */
function frontWith(perSecond: number): ProgramFront {
  const front = new ProgramFront({ synBudget: { perSecond, seed: 0xdeadbeef } })
  const addr = parseIpv4(VIP)!
  front.setKinds(addr, AddressKind.SERVICE | AddressKind.KERNEL)
  front.setService(6, addr, 80, true)
  return front
}
function toThisHost(frame: Uint8Array): Uint8Array {
  return frame.fill(0, 0, 6)
}
function synFrom(source: string, flags = 'S', port = 80): Uint8Array {
  return toThisHost(tcp4(`${source}:1024 > ${VIP}:${port}`, { flags }))
}
/** Whether it is let up. Throws if it is neither let up nor dropped as it came. */
function isLetUp(front: ProgramFront, mode: FrontMode, frame: Uint8Array): boolean {
  const { answer, mark } = runProgram(front.programFd(mode), frame, { mark: 7 })
  if (answer === DROP && mark === 7) return false
  if (answer !== -1) throw new Error(`returned ${answer}, mark ${mark}`)
  return true
}
/** How many of so many were let up, and in how many windows they may have come. */
function send(front: ProgramFront, mode: FrontMode, count: number, frame: (n: number) => Uint8Array): [number, number] {
  const began = performance.now()
  let letUp = 0
  for (let n = 0; n < count; n++) if (isLetUp(front, mode, frame(n))) letUp++
  return [letUp, Math.floor((performance.now() - began) / WINDOW_MS) + 2]
}

for (const mode of MODES) {
  t.test(
    `a network's SYNs are let up within its half of the budget, another's still are: ${mode}`,
    { skip },
    async t => {
      const front = frontWith(1000) // 135 a window, 68 of them to a network
      const [letUp, windows] = send(front, mode, 1000, n => synFrom(`198.51.100.${n % 250}`))
      t.ok(letUp >= 68 && letUp <= 68 * windows, `${letUp} in ${windows} windows`)
      t.equal(front.synsRefused, 1000 - letUp, 'each that was dropped is counted')
      t.ok(isLetUp(front, mode, synFrom('203.0.113.7')), 'another network has its own')
      front.close()
    },
  )

  t.test(`all networks together have the service's budget: ${mode}`, { skip }, async t => {
    const front = frontWith(1000)
    const [letUp, windows] = send(front, mode, 3000, n => synFrom(`198.${n >>> 8}.${n & 255}.1`))
    t.ok(letUp >= 135 && letUp <= 135 * windows, `${letUp} in ${windows} windows`)
    t.equal(front.synsRefused, 3000 - letUp)
    front.setService(6, parseIpv4(VIP)!, 81, true)
    t.ok(isLetUp(front, mode, synFrom('203.0.113.7', 'S', 81)), 'another service has its own')
    front.close()
  })

  t.test(`all but SYNs to a service are as without a budget: ${mode}`, { skip }, async t => {
    const front = frontWith(1)
    send(front, mode, 100, () => synFrom('198.51.100.1'))
    const before = front.synsRefused
    const frames = [
      ...['A', 'AP', 'FA', 'R'].map(flags => synFrom('198.51.100.1', flags)),
      synFrom('198.51.100.1', 'S', 8080),
      toThisHost(udp4(`198.51.100.1:1024 > ${VIP}:80`)),
    ]
    const plain = new ProgramFront()
    const addr = parseIpv4(VIP)!
    plain.setKinds(addr, AddressKind.SERVICE | AddressKind.KERNEL)
    plain.setService(6, addr, 80, true)
    for (const frame of frames)
      for (let n = 0; n < 20; n++)
        t.strictSame(
          runProgram(front.programFd(mode), frame, { mark: 7 }).mark,
          runProgram(plain.programFd(mode), frame, { mark: 7 }).mark,
        )
    t.equal(front.synsRefused, before)
    plain.close()
    front.close()
  })
}

t.test('SYN with other flags, and behind IP options, is a SYN', { skip }, async t => {
  for (const [flags, options] of [
    ['SA', {}],
    ['SF', {}],
    ['S', { ipOptions: Uint8Array.of(1, 1, 1, 0) }],
  ] as const) {
    const front = frontWith(1)
    const frame = toThisHost(tcp4(`198.51.100.1:1024 > ${VIP}:80`, { flags, ...options }))
    const [letUp, windows] = send(front, 'beside', 100, () => frame)
    t.ok(letUp >= 1 && letUp <= windows, `${flags}: ${letUp} in ${windows} windows`)
    front.close()
  }
})

t.test('of a flood that lasts a thirty-second part is let up; when it ends, all is', { skip }, async t => {
  const front = frontWith(10_000) // 1343 a window, 672 of them to a network
  let [letUp, whole] = [0, 1]
  const began = performance.now()
  for (let last = began, now = began; now < began + 1500; last = now) {
    if (isLetUp(front, 'beside', synFrom('198.51.100.1'))) letUp++
    now = performance.now()
    if (now - last > WINDOW_MS / 4) whole++ // so long that a window may have had less than its budget
  }
  const windows = Math.ceil((performance.now() - began) / WINDOW_MS) + 1
  // A window at the beginning may have been cut short.
  t.ok(letUp <= 672 * (whole + 1) + 21 * windows, `${letUp} in ${windows} windows, ${whole} whole`)
  const ends = performance.now() + 30_000
  await new Promise(resolve => setTimeout(resolve, 2 * WINDOW_MS + 10))
  const refused = front.synsRefused
  send(front, 'beside', 100, () => synFrom('198.51.100.1'))
  t.equal(front.synsRefused, refused)
  t.ok(performance.now() < ends)
  front.close()
})

t.test('without a budget none is dropped', { skip }, async t => {
  const front = new ProgramFront()
  front.setKinds(parseIpv4(VIP)!, AddressKind.SERVICE)
  front.setService(6, parseIpv4(VIP)!, 80, true)
  const { mark } = runProgram(front.programFd('beside'), synFrom('198.51.100.1'), { times: 100_000, mark: 7 })
  t.equal(mark, Mark.TAKEN)
  t.equal(front.synsRefused, 0)
  front.close()
})

t.test('verdict drop-syn-budget: what the front has dropped, since the last reset', async t => {
  const front = { synsRefused: 5 }
  const counters = new VerdictCounters({ sent: 0, limited: 0 } as never, {} as never, front as never, new LaterFates())
  t.equal(counters.byName()['drop-syn-budget'], 5)
  counters.clear()
  front.synsRefused = 7
  t.equal(counters.byName()['drop-syn-budget'], 2)
})
