import type { Director } from '../director/director.js'
import { threadCpuMs } from '../linux/libc.js'
import { HostNetwork } from '../linux/rtnetlink/host-network.js'
import type { HostLink } from '../linux/rtnetlink/link.js'
import type { HostSnapshot } from '../linux/rtnetlink/snapshot.js'
import { kernelState, type LinkInterface } from './kernel-state.js'

/** The kernel is asked for news so often, in ms. */
const EVERY_MS = 20
/** News are looked for at least so often, in ms. */
const AT_LEAST_EVERY_MS = 100
/** Of the thread's time, at most so much is spent on reading them: with many routes a change costs more. */
const SHARE = 0.1
/** When addresses are announced again after an interface has come back, in ms: what is behind it may come up later. */
const ANNOUNCE_AFTER_MS = [300, 1000, 3000]

/** What a follower does to the devices, by the number of the link. */
export interface FollowedDevices {
  /**
   * The interface has come back under this name, and is up: opens it anew. Returns false while other workers have yet to, and
   * throws if it cannot be: either way it is tried again.
   */
  reopen(index: number, name: string, ifindex: number): boolean
  /** One line for the log, that every worker would say. */
  say(line: string): void
  /** One line for the log about this worker. */
  complain(line: string): void
  /** Gives up devices that have been opened and not yet taken. */
  close(): void
}

/** A link whose interface is followed, under the name that it had at the start or has been given since. */
interface Followed {
  name: string
  at: LinkInterface
}

/**
 * Keeps a director true to the kernel of its network namespace while it runs: addresses, routes, MTUs and MACs, and interfaces that
 * are renamed, or deleted and made again.
 */
export class HostFollower {
  readonly #host = new HostNetwork()
  readonly #director: Director
  readonly #devices: FollowedDevices
  readonly #links: Followed[]
  #nextMs = 0
  #announceMs: number[] = []
  /** An interface could not be opened, or not by all workers: it is tried again without news. */
  #isWanting = false
  /** What was said of one that cannot be opened. */
  #lastSaid = ''

  /** Tells the director what there is. SystemError where the kernel cannot be asked. */
  constructor(director: Director, devices: FollowedDevices) {
    this.#director = director
    this.#devices = devices
    const { snapshot } = this.#host
    this.#links = director.links.map(({ name, mac, mtu }) => ({
      name,
      at: { ifindex: linkNamed(snapshot, name)?.index ?? 0, mac, mtu },
    }))
    this.#tell()
  }

  /** Takes what is new, at most every 20 ms. Returns whether devices were opened anew. */
  poll(nowMs: number): boolean {
    if (nowMs < this.#nextMs) return false
    this.#nextMs = nowMs + EVERY_MS
    if (this.#announceMs.length > 0) this.#announce(nowMs)
    const began = threadCpuMs()
    if (!this.#host.takeChanges() && !this.#isWanting) return false
    const isAnew = this.#lookAtInterfaces()
    this.#tell()
    if (isAnew) this.#announceMs = ANNOUNCE_AFTER_MS.map(after => nowMs + after)
    this.#nextMs = Math.max(this.#nextMs, nowMs + (threadCpuMs() - began) / SHARE)
    return isAnew
  }

  /** How long the next poll may wait, in ms. */
  get idleMs(): number {
    return this.#isWanting ? EVERY_MS : AT_LEAST_EVERY_MS
  }
  close(): void {
    this.#host.close()
    this.#devices.close()
  }

  #announce(nowMs: number): void {
    if (nowMs < this.#announceMs[0]!) return
    this.#announceMs.shift()
    this.#director.ownAddresses.announceAgain()
  }
  #tell(): void {
    this.#director.follow(
      kernelState(
        this.#host.snapshot,
        this.#links.map(({ at }) => at),
        this.#director.links.some(({ isBeside }) => isBeside),
      ),
    )
  }

  #lookAtInterfaces(): boolean {
    const { snapshot } = this.#host
    let isAnew = false
    this.#isWanting = false
    this.#links.forEach((followed, index) => {
      const same = snapshot.links.find(link => link.index === followed.at.ifindex)
      if (same) this.#rename(followed, same)
      else if (this.#find(followed, snapshot, index)) isAnew = true
    })
    return isAnew
  }

  #complainOnce(line: string): void {
    if (line !== this.#lastSaid) this.#devices.complain(line)
    this.#lastSaid = line
  }
  #rename(followed: Followed, { name }: HostLink): void {
    if (name === followed.name) return
    this.#devices.say(`${followed.name} is called ${name} now`)
    followed.name = name
  }

  /** The interface is gone. Returns whether one of its name has been opened in its place. */
  #find(followed: Followed, snapshot: HostSnapshot, index: number): boolean {
    const { name } = followed
    if (followed.at.ifindex !== 0) this.#devices.say(`${name} is gone`)
    followed.at = { ...followed.at, ifindex: 0 }
    const link = linkNamed(snapshot, name)
    if (link === undefined || !link.isUp || link.mac === undefined) return false
    try {
      if (!this.#devices.reopen(index, name, link.index)) {
        this.#isWanting = true
        return false
      }
    } catch (error) {
      this.#isWanting = true
      this.#complainOnce(
        `${name} is back and cannot be opened: ${error instanceof Error ? error.message : String(error)}`,
      )
      return false
    }
    followed.at = { ifindex: link.index, mac: link.mac, mtu: link.mtu }
    this.#devices.say(`${name} is back`)
    return true
  }
}

function linkNamed({ links }: HostSnapshot, name: string): HostLink | undefined {
  return links.find(link => link.name === name)
}
