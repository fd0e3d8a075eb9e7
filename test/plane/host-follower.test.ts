import t from 'tap'
import type { Director } from '../../src/director/director.js'
import type { HostLink } from '../../src/linux/rtnetlink/link.js'
import type { HostSnapshot } from '../../src/linux/rtnetlink/snapshot.js'
import { HostFollower } from '../../src/plane/host-follower.js'
import { link, snapshot } from '../linux/rtnetlink/made-up.js'

/* Interfaces that are renamed, and that go and come back, as each worker sees them: not every step is seen. */

const MAC = { hi: 0x0200, lo: 1 }

/** A worker that follows eth0, which is number 2 at first. `chosen`: see FollowedDevices. */
class Worker {
  readonly said: string[] = []
  readonly opened: string[] = []
  chosen: number | undefined
  isDead = false
  #now = 0
  #links: HostLink[] = []
  #isNews = false
  readonly #follower: HostFollower

  constructor(names: readonly string[] = ['eth0']) {
    this.#links = names.map((name, i) => link(i + 2, { name, mac: MAC }))
    const links = names.map((name, index) => ({ index, name, mac: MAC, mtu: 1500, isBeside: true }))
    const director = { links, follow: () => {}, ownAddresses: { announceAgain: () => {} } } as unknown as Director
    const now = (): HostSnapshot => snapshot({ links: this.#links })
    const host = {
      get snapshot() {
        return now()
      },
      takeChanges: () => this.#isNews,
      close: () => {},
    }
    const devices = {
      chosen: () => this.chosen,
      isDead: () => this.isDead,
      letGo: (index: number) => void this.said.push(`${index} let go`),
      reopen: (index: number, name: string, ifindex: number) => {
        this.isDead = false
        this.opened.push(`${index} ${name}@${ifindex}`)
        return true
      },
      say: (line: string) => void this.said.push(line),
      complain: (line: string) => void this.said.push(line),
      close: () => {},
    }
    this.#follower = new HostFollower(director, devices, host)
  }

  /** There are these interfaces now: 'NAME@NUMBER', behind it '!' if it is down. Returns what was said and opened. */
  sees(...there: string[]): string[] {
    this.#links = there.map(text => {
      const [, name, ifindex, down] = /^(\w+)@(\d+)(!?)$/.exec(text)!
      return link(Number(ifindex), { name: name!, mac: MAC, isUp: down === '' })
    })
    this.#isNews = true
    return this.polls()
  }
  polls(): string[] {
    this.#follower.poll((this.#now += 1000))
    this.#isNews = false
    return [...this.said.splice(0), ...this.opened.splice(0)]
  }
}

t.test('a renamed one that goes is looked for by its last name, and by the one given', async t => {
  for (const back of ['ethx', 'eth0']) {
    const worker = new Worker()
    t.strictSame(worker.sees('ethx@2'), ['eth0 is called ethx now'])
    t.strictSame(worker.sees(), ['ethx is gone: waiting for ethx or eth0', '0 let go'])
    t.strictSame(worker.sees('eth1@3'), [])
    t.strictSame(worker.sees('eth1@3', `${back}@4!`), [], 'it is down')
    const line = back === 'ethx' ? 'ethx is back' : 'eth0 is back, which was called ethx'
    t.strictSame(worker.sees('eth1@3', `${back}@4`), [line, `0 ${back}@4`])
    t.strictSame(worker.sees('eth1@3', 'new@4'), [`${back} is called new now`], 'it is followed under that name')
  }
  const both = new Worker()
  both.sees('ethx@2')
  t.strictSame(both.sees('eth0@3', 'ethx@4').slice(2), ['ethx is back', '0 ethx@4'], 'the last name comes first')
})

t.test('one that another link has is not taken', async t => {
  const worker = new Worker(['eth0', 'eth1'])
  worker.sees('eth1@2', 'eth0@3')
  t.strictSame(worker.sees('eth0@3'), ['eth1 is gone: waiting for eth1 or eth0', '0 let go'])
  t.strictSame(worker.sees('eth0@3', 'eth1@4'), ['eth1 is back', '0 eth1@4'])
})

t.test('the other workers take what the first one has chosen, whatever names they saw', async t => {
  const worker = new Worker()
  worker.chosen = 0
  t.strictSame(worker.sees('ethx@4', 'eth0@5'), ['eth0 is gone', '0 let go'], 'the first has yet to choose')
  worker.chosen = 4
  t.strictSame(worker.polls(), ['ethx is back, which was called eth0', '0 ethx@4'], 'which is no news of the kernel’s')
  worker.chosen = 9
  t.strictSame(worker.sees('eth0@5'), ['ethx is gone: waiting for ethx or eth0', '0 let go'])
  t.strictSame(worker.sees('eth0@5', 'any@9'), ['any is back, which was called ethx', '0 any@9'])
})

t.test('one that was away for less than a poll keeps its number: it is opened again', async t => {
  const worker = new Worker()
  t.strictSame(worker.sees('eth0@2'), [])
  worker.isDead = true
  t.strictSame(worker.sees('eth0@2!'), ['eth0 is gone', '0 let go'])
  t.strictSame(worker.sees('eth0@2'), ['eth0 is back', '0 eth0@2'])
  t.strictSame(worker.sees('eth0@2'), [])
})
