import type { Action } from '../../../src/keepalived/vrrp/action.js'
import { routerSettingsFrom } from '../../../src/keepalived/vrrp/from-config.js'
import { VrrpRouter } from '../../../src/keepalived/vrrp/router.js'
import type { RouterSettings } from '../../../src/keepalived/vrrp/settings.js'
import { formatIp, type IpAddr, parseIp } from '../../../src/wire/ip-addr.js'
import { hex } from '../../support/octets.js'
import { configOf, type Node, type Recording, type RecordedEvent } from './recording.js'

/* Drives the state machine through what a node of a recording met. What the node sent decides when the machine's clock goes on: the
 * machine is called as late as the real one was, so that lateness does not add up. Wrong is: an advert other than the recorded one,
 * one that is missing or too many, one that the machine would have sent later than the record has it, or much earlier. */

/** A node was busy at most this long, as the recordings show; beyond it an advert is missing. */
const LATEST_MS = 600
/** A log line, from which the start or a result of a script is known, may be read so late. */
const LOG_LATE_MS = 300
/** Of what frames tell: the times of two clocks of the recorder, rounded. */
const EARLY_MS = 10
/** As the recorder had them. */
const ADDRESSES: Record<Node, Record<string, string[]>> = {
  a: { eth0: ['192.0.2.1', 'fe80::a', '2001:db8::a'], eth1: ['198.51.100.1', 'fe80::a'] },
  b: { eth0: ['192.0.2.2', 'fe80::b', '2001:db8::b'], eth1: ['198.51.100.2', 'fe80::b'] },
}

export interface Replayed {
  readonly problems: readonly string[]
  /** For each advert: how much later the real one sent it than the machine was due to. */
  readonly lateMs: readonly number[]
  readonly adverts: number
  /** 'MASTER', 'BACKUP', …, as 'VI_1 MASTER'. */
  readonly transitions: string[]
  readonly recordedTransitions: readonly string[]
}

interface Sent {
  readonly atMs: number
  readonly text: string
}

type Item = { readonly t: number; readonly order: number; readonly run: () => void }

export class Replay {
  readonly #recording: Recording
  readonly #node: Node
  readonly #problems: string[] = []
  readonly #lateMs: number[] = []
  readonly #transitions: string[] = []
  #router: VrrpRouter | undefined
  /** Sent by the machine, and not found in the record yet. */
  readonly #adverts = new Map<string, Sent[]>()
  readonly #announcements = new Map<string, Sent[]>()
  #links: Record<string, { isUp: boolean; addresses: IpAddr[] }> = {}
  #scripts = new Map<string, boolean>()
  #files = new Map<string, number>()
  /** Between STOP and CONT: what waits. */
  #frozen: ((t: number) => void)[] | undefined
  /** Sides of the partition that are cut off. */
  readonly #isolated = new Set<string>()
  /** The machine has sent adverts that the real one, silenced by garbage, has not: their numbers differ from now on. */
  #hasExtra = false
  /** A refused advert made the real one start its interval anew. */
  #isOutOfStep = false
  /** The running timer was started by a log line. */
  #isFromLog = false
  /** The machine's clock less the record's: the log line of the start was read so late. */
  #offsetMs = 0
  #adverted = 0
  /** The real one has ended where uvs goes on. */
  #isOver = false

  constructor(recording: Recording, node: Node) {
    this.#recording = recording
    this.#node = node
    for (const [name, addresses] of Object.entries(ADDRESSES[node]))
      this.#links[name] = { isUp: true, addresses: addresses.map(text => parseIp(text)!) }
  }

  run(): Replayed {
    const { events, adverts, announcements } = this.#recording
    const items: Item[] = []
    for (const event of events) items.push({ t: event.t, order: 1, run: () => this.#event(event) })
    for (const { t, interface: on, sender, packet } of adverts) {
      const isOwn = sender === this.#node
      items.push({
        t,
        order: isOwn ? 2 : 0,
        run: () => (isOwn ? this.#sent(t, on, packet) : this.#hear(t, on, packet)),
      })
    }
    for (const { t, interface: on, sender, address, count } of announcements) {
      if (sender !== this.#node) continue
      items.push({ t, order: 3, run: () => this.#announced(t, on, address, count) })
    }
    items.sort((one, other) => one.t - other.t || one.order - other.order)
    for (const { run } of items) if (!this.#isOver) run()
    for (const { atMs, text } of [...this.#adverts.values()].flat())
      this.#problems.push(`${atMs / 1000}: not recorded: ${text}`)
    return {
      problems: this.#problems,
      lateMs: this.#lateMs,
      adverts: this.#adverted,
      transitions: this.#transitions,
      recordedTransitions: this.#recordedTransitions(),
    }
  }

  #event({ t, kind, node, text }: RecordedEvent): void {
    if (kind === 'do') this.#done(t, text)
    else if (kind === 'log' && node === this.#node) this.#logged(t, text)
    else if (kind === 'exit' && node === this.#node) this.#router = undefined
  }

  /** What was done to this node. */
  #done(t: number, text: string): void {
    const node = this.#node
    if (text === `kill -HUP ${node}`) this.#reload(t)
    else if (text.endsWith(`kill -TERM ${node}`) || text === `kill -KILL ${node}`)
      this.#take(t, this.#router?.stop(this.#ms(t)))
    else if (text.startsWith(`kill -KILL ${node} (`)) this.#router = undefined
    else if (text.startsWith(`kill -STOP ${node}`)) this.#frozen = []
    else if (text.startsWith(`kill -CONT ${node}`)) this.#thaw(t)
    else if (/^m: bridge link set dev .. isolated/.test(text)) this.#isolate(text)
    else if (text.startsWith('the file is now') && node === 'a') this.#file(t, text)
    else if (text.startsWith(`${node}: ip addr flush dev eth0`))
      this.#setLink(t, 'eth0', link => ({ ...link, addresses: [] }))
    else if (text.startsWith(`${node}: ip addr add 192.0.2.1/24`))
      this.#setLink(t, 'eth0', link => ({ ...link, addresses: [parseIp('192.0.2.1')!] }))
    else if (this.#hasLinkDelays && node === 'a' && /cable pulled/.test(text))
      this.#setLink(t, 'eth0', link => ({ ...link, isUp: false }))
    else if (this.#hasLinkDelays && node === 'a' && text === 'back')
      this.#setLink(t, 'eth0', link => ({ ...link, isUp: true }))
  }

  /** What the real one logged: of what it met nothing else tells. */
  #logged(t: number, text: string): void {
    const start = /STATE|FAULT state|VRRP_Script|Delaying startup/.test(text)
    if (start && !this.#router && !/FAULT state \(|interface eth9 down/.test(text)) this.#start(t, text)
    const entered = /^\((\w+)\) Entering MASTER STATE/.exec(text)
    if (/Receive advertisement timeout/.test(text) && this.#router && this.#router.groups.length > 0)
      this.#take(t, this.#router.advance(this.#ms(t)))
    if (entered && this.#router?.instances.some(({ settings }) => settings.interface === 'eth9'))
      this.#take(t, this.#router.advance(this.#ms(t)))
    if (/STATE|VRRP_Script|Netlink|Deassigned/.test(text) && !/MASTER|BACKUP STATE$/.test(text)) this.#isFromLog = true
    const script = /^VRRP_Script\((\w+)\) (succeeded|failed|timed_out|considered successful)/.exec(text)
    if (script) {
      const isGood = script[2] === 'succeeded' || script[2] === 'considered successful'
      this.#scripts.set(script[1]!, isGood)
      this.#take(t, this.#router?.setScript(script[1]!, isGood, this.#ms(t)))
    }
    const link = /^Netlink reports (\w+) (up|down)/.exec(text)
    // With a delay the kernel's word is known from what was done; this is when it is believed.
    if (link && this.#hasLinkDelays) this.#pass(t, link[1]!)
    if (link && !this.#hasLinkDelays) this.#setLink(t, link[1]!, known => ({ ...known, isUp: link[2] === 'up' }))
    const removed = /^Netlink reflector reports IP (\S+) removed from (\w+)/.exec(text)
    if (removed) this.#take(t, this.#router?.loseAddress(removed[2]!, parseIp(removed[1]!)!, this.#ms(t)))
    const lost = /^Deassigned address (\S+) from interface (\w+)/.exec(text)
    if (lost) {
      this.#setLink(t, lost[2]!, known => ({
        ...known,
        addresses: known.addresses.filter(addr => formatIp(addr) !== lost[1]),
      }))
    }
  }

  #start(t: number, firstLog: string): void {
    const settings = this.#settingsAt(t)
    const router = new VrrpRouter(settings)
    this.#router = router
    this.#offsetMs = 0
    for (const [name, link] of Object.entries(this.#links)) router.setLink(name, link, this.#ms(t))
    for (const [name, value] of this.#files) router.setFile(name, value, this.#ms(t))
    this.#take(t, router.start(this.#ms(t)))
    if (/VRRP_Script/.test(firstLog)) return
    for (const { tracked } of settings.instances)
      for (const { name } of tracked.scripts)
        if (this.#scripts.has(name)) this.#take(t, router.setScript(name, this.#scripts.get(name)!, this.#ms(t)))
  }

  #reload(t: number): void {
    const { adverts, events } = this.#recording
    const next = adverts.find(advert => advert.sender === this.#node && advert.t >= t && advert.t < t + 0.3)
    const complete = events.find(
      ({ t: at, node, text }) => at >= t && node === this.#node && text === 'Reload complete',
    )
    const isMaster = this.#router?.instances.some(({ state }) => state === 'MASTER') ?? false
    if (!complete) {
      // The real one ends when the file has an error, or leaves all as it is where it checks first.
      const ends = this.#recording.events.some(
        ({ kind, node, t: at }) => kind === 'exit' && node === this.#node && at > t && at < t + 0.2,
      )
      if (ends) this.#isOver = true
      return
    }
    const at = isMaster && next ? next.t : complete.t
    this.#take(at, this.#router?.reload(this.#settingsAt(t), this.#ms(at)))
  }

  #setLink(t: number, name: string, change: (link: { isUp: boolean; addresses: IpAddr[] }) => typeof link): void {
    this.#pass(t, name)
    const link = change(this.#links[name] ?? { isUp: false, addresses: [parseIp('203.0.113.1')!] })
    this.#links[name] = link
    this.#take(t, this.#router?.setLink(name, link, this.#ms(t)))
  }

  /** Time passes on a link that is down: what is sent there shows in no record. */
  #pass(t: number, name: string): void {
    const router = this.#router
    if (!router) return
    while (this.#links[name]?.isUp === false && router.nextAtMs <= this.#ms(t))
      this.#take(t, router.advance(router.nextAtMs))
    if (this.#hasLinkDelays) this.#take(t, router.advance(this.#ms(t)))
  }

  #file(t: number, text: string): void {
    const value = Number.parseInt(/'(.*)'/.exec(text)?.[1] ?? '', 10)
    this.#files.set('tf', Number.isNaN(value) ? 0 : value)
    this.#take(t, this.#router?.setFile('tf', this.#files.get('tf')!, this.#ms(t)))
  }

  #isolate(text: string): void {
    const [, side, how] = /dev (..) isolated (\w+)/.exec(text)!
    if (how === 'on') this.#isolated.add(side!)
    else this.#isolated.delete(side!)
  }

  #thaw(t: number): void {
    const waiting = this.#frozen ?? []
    this.#frozen = undefined
    for (const run of waiting) run(t)
  }

  #hear(t: number, on: string, packet: Uint8Array): void {
    const router = this.#router
    if (!router || this.#isolated.size === 2) return
    if (this.#frozen) {
      this.#frozen.push(later => this.#hear(later, on, packet))
      return
    }
    const before = sum(router)
    const dv = new DataView(packet.buffer, packet.byteOffset, packet.byteLength)
    this.#take(t, router.receive(on, dv, 0, packet.length, this.#ms(t)))
    if (sum(router) !== before) this.#isOutOfStep = true
  }

  /** The real one sent an advert at `t`. */
  #sent(t: number, on: string, packet: Uint8Array): void {
    const text = withoutFlowLabel(hex(packet))
    const sent = queueOf(this.#adverts, on)
    if (sent.length === 0 && this.#router) this.#goOn(t, on)
    const isSame = ({ text: own }: Sent): boolean =>
      this.#hasExtra ? withoutNumber(own) === withoutNumber(text) : own.startsWith(text) || text.startsWith(own)
    while (this.#isOutOfStep && sent.length > 1 && !isSame(sent[0]!)) {
      this.#hasExtra = true
      sent.shift()
    }
    const own = sent.shift()
    this.#adverted++
    this.#isOutOfStep = false
    this.#isFromLog = false
    if (!own) this.#problems.push(`${t}: not sent: ${text}`)
    else if (!isSame(own)) {
      this.#problems.push(`${t}: sent ${own.text}`, `${t}: recorded ${text}`)
    }
  }

  /** The real one announced an address at `t`. */
  #announced(t: number, on: string, address: string, count: number): void {
    for (let at = 0; at < count; at++) {
      const sent = queueOf(this.#announcements, on)
      if (sent.length === 0 && this.#router) this.#announceNow(t)
      const own = sent.shift()
      if (own?.text !== address) this.#problems.push(`${t}: announced ${own?.text ?? 'nothing'}, recorded ${address}`)
    }
  }

  /** An announcement is due, give or take the time between advert and announcement. */
  #announceNow(t: number): void {
    const router = this.#router!
    const { nextAtMs } = router
    this.#take(t, router.advance(nextAtMs - this.#ms(t) < 50 ? Math.max(this.#ms(t), nextAtMs) : this.#ms(t)))
  }

  /** The machine goes on to when the real one sent. */
  #goOn(t: number, on: string): void {
    const router = this.#router!
    const instances = router.instances.filter(({ settings }) => settings.interface === on)
    const due = Math.min(...instances.map(({ status }) => status.timerAtMs))
    const late = this.#ms(t) - due
    if (late < -(this.#isFromLog ? LOG_LATE_MS : EARLY_MS)) {
      this.#problems.push(`${t}: would be sent ${-late} ms later, at ${due / 1000}`)
    } else if (late > LATEST_MS && !this.#isOutOfStep) this.#problems.push(`${t}: would be sent ${late} ms sooner`)
    else {
      if (!this.#isOutOfStep && !this.#isFromLog) this.#lateMs.push(late)
      if (late < 0) this.#offsetMs -= late
      this.#take(t, router.advance(Math.max(this.#ms(t), due)))
    }
  }

  #take(t: number, actions: readonly Action[] = []): void {
    for (const action of actions) {
      if (action.kind === 'advert' && this.#isOnTheWire(action))
        queueOf(this.#adverts, action.interface).push({ atMs: this.#ms(t), text: hex(action.packet) })
      if (action.kind === 'announce')
        queueOf(this.#announcements, action.interface).push({ atMs: this.#ms(t), text: formatIp(action.address) })
      if (action.kind === 'transition' && action.to !== 'INIT')
        this.#transitions.push(`${action.instance} ${action.to}`)
    }
  }

  /** Not on a link that is down, to a peer that is not there, or on an interface that was not recorded. */
  #isOnTheWire({ interface: on, destination }: Action & { kind: 'advert' }): boolean {
    return (this.#links[on]?.isUp ?? false) && on !== 'eth9' && formatIp(destination) !== '192.0.2.3'
  }

  #recordedTransitions(): string[] {
    return this.#recording.events.flatMap(({ node, text }) => {
      const found = node === this.#node && /^\((\w+)\) (?:Entering (\w+) STATE|entering (FAULT) state$)/.exec(text)
      return found ? [`${found[1]} ${found[2] ?? found[3]}`] : []
    })
  }

  /** Seconds of the record in milliseconds of the machine. */
  #ms(t: number): number {
    return t * 1000 + this.#offsetMs
  }

  get #hasLinkDelays(): boolean {
    return this.#settingsText(0).includes('interface_up_down_delays') && this.#node === 'a'
  }

  #settingsText(t: number): string {
    const all = this.#recording.configurations[this.#node] ?? []
    return (all.filter(({ t: at }) => at <= t + 0.02).at(-1) ?? all[0])?.text ?? ''
  }
  #settingsAt(t: number): RouterSettings {
    return routerSettingsFrom(configOf(this.#settingsText(t)))
  }
}

function queueOf(queues: Map<string, Sent[]>, name: string): Sent[] {
  const queue = queues.get(name) ?? []
  queues.set(name, queue)
  return queue
}

/** Identification and checksum of IPv4 left out. */
function withoutNumber(packet: string): string {
  return packet.slice(0, 8) + packet.slice(12, 20) + packet.slice(24)
}
/** The kernel makes one up. */
function withoutFlowLabel(packet: string): string {
  return packet.startsWith('6') ? `${packet.slice(0, 3)}00000${packet.slice(8)}` : packet
}

/** All refusals so far. */
function sum(router: VrrpRouter): number {
  return router.instances.reduce(
    (total, { status: { refusals } }) => total + Object.values(refusals).reduce((a, b) => a + b, 0),
    0,
  )
}
