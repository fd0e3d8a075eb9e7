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
   * The number of the interface that the first worker has opened for this link since the start, 0 if none: the other workers open
   * that one, for each may have seen other names. Undefined for the worker that chooses.
   */
  chosen(index: number): number | undefined
  /** Whether nothing comes by the device any more: its interface was gone for a moment, and has come back with its number. */
  isDead(index: number): boolean
  /** The interface is gone: another director may have it. */
  letGo(index: number): void
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

type FollowedHost = Pick<HostNetwork, 'snapshot' | 'takeChanges' | 'close'>

/** A link whose interface is followed. */
interface Followed {
  /** As on the command line. */
  readonly given: string
  /** The name that was last seen. */
  name: string
  at: LinkInterface
}

/**
 * Keeps a director true to the kernel of its network namespace while it runs: addresses, routes, MTUs and MACs, and interfaces that
 * are renamed, or deleted and made again.
 */
export class HostFollower {
  readonly #host: FollowedHost
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
  constructor(director: Director, devices: FollowedDevices, host: FollowedHost = new HostNetwork()) {
    this.#host = host
    this.#director = director
    this.#devices = devices
    const { snapshot } = this.#host
    this.#links = director.links.map(({ name, mac, mtu }) => ({
      given: name,
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
    const isChanged = this.#host.takeChanges()
    if (!isChanged && !this.#isWanting) return false
    const isAnew = this.#lookAtInterfaces()
    if (isChanged || isAnew) this.#tell()
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
      if (same && !this.#devices.isDead(index)) this.#rename(followed, same)
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

  /** The interface is gone. Returns whether one has been opened in its place. */
  #find(followed: Followed, snapshot: HostSnapshot, index: number): boolean {
    if (followed.at.ifindex !== 0) this.#leave(followed, index)
    const chosen = this.#devices.chosen(index)
    const link =
      chosen === undefined ? this.#choose(followed, snapshot) : snapshot.links.find(link => link.index === chosen)
    // What the first worker is going to choose may be no news here.
    this.#isWanting ||= chosen !== undefined
    if (link === undefined || !link.isUp || link.mac === undefined) return false
    const { name } = link
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
    this.#devices.say(name === followed.name ? `${name} is back` : `${name} is back, which was called ${followed.name}`)
    followed.name = name
    followed.at = { ifindex: link.index, mac: link.mac, mtu: link.mtu }
    return true
  }

  #leave(followed: Followed, index: number): void {
    const { name, given } = followed
    this.#devices.say(name === given ? `${name} is gone` : `${name} is gone: waiting for ${name} or ${given}`)
    followed.at = { ...followed.at, ifindex: 0 }
    this.#devices.letGo(index)
  }

  /**
   * The interface of the name last seen, else of the name given: it may have been renamed back just before it went. Not one that is
   * another link's.
   */
  #choose({ name, given }: Followed, { links }: HostSnapshot): HostLink | undefined {
    const free = links.filter(({ index, isUp }) => isUp && this.#links.every(({ at }) => at.ifindex !== index))
    return free.find(link => link.name === name) ?? free.find(link => link.name === given)
  }
}

function linkNamed({ links }: HostSnapshot, name: string): HostLink | undefined {
  return links.find(link => link.name === name)
}
