import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../../linux/error-text.js'
import { netnsCookie } from '../../linux/netns-cookie.js'
import { writeOwnFile } from '../../linux/own-file.js'
import { identify, type ProcessId } from '../../linux/process-id.js'
import type { ChangedAddress } from '../../linux/rtnetlink/change-address.js'
import { formatIpv4, parseIpv4 } from '../../wire/addr.js'

/** An address that is about to be put on an interface, or to be taken off. */
export interface AddressChange {
  readonly isAdded: boolean
  readonly address: ChangedAddress
}

/** Which addresses a process may have put on interfaces of a network namespace. */
export interface Recorded {
  /** The namespace's number; undefined where the kernel has none. */
  readonly cookie: string | undefined
  readonly process: ProcessId
  readonly addresses: readonly ChangedAddress[]
}

/**
 * The addresses that this process has put on interfaces, in a file: killed, it leaves them there, and the next start takes them off, also
 * those that are in no configuration any longer. The file names an address before the kernel has it, and until it is gone.
 */
export class AddressRecord {
  readonly #path: string
  readonly #tell: (line: string) => void
  readonly #about = { cookie: netnsCookie(), process: identify(process.pid)! }
  #held = new Map<string, ChangedAddress>()
  #isTold = false

  /** `directory` exists, and is root's. Trouble with the file is told once: the addresses matter more. */
  constructor(directory: string, tell: (line: string) => void) {
    this.#path = join(directory, `${recordPrefix()}${process.pid}.json`)
    this.#tell = tell
  }

  /** To be called before the kernel is asked for these, in this order. */
  before(changes: readonly AddressChange[]): void {
    const added = changes.filter(({ isAdded, address }) => isAdded && !this.#held.has(keyOf(address)))
    if (added.length === 0) return
    for (const { address } of added) this.#held.set(keyOf(address), address)
    this.#write()
  }
  /** To be called when they have been made. */
  after(changes: readonly AddressChange[]): void {
    const last = new Map(changes.map(change => [keyOf(change.address), change]))
    const gone = [...last].filter(([key, { isAdded }]) => !isAdded && this.#held.has(key))
    if (gone.length === 0) return
    for (const [key] of gone) this.#held.delete(key)
    this.#write()
  }

  /** All of them are gone. */
  close(): void {
    this.#held.clear()
    this.#write()
  }

  #write(): void {
    try {
      if (this.#held.size === 0) rmSync(this.#path, { force: true })
      else writeOwnFile(this.#path, formatRecord({ ...this.#about, addresses: [...this.#held.values()] }))
    } catch (error) {
      if (!this.#isTold) this.#tell(`virtual addresses would stay after kill -9: ${messageOf(error)}`)
      this.#isTold = true
    }
  }
}

/** What the names of this network namespace's files begin with; a process id follows. */
export function recordPrefix(): string {
  return `vrrp-${statSync('/proc/self/ns/net').ino}-`
}

/** One address, wherever it is written: `2 192.0.2.100/24`, with a peer `2 192.0.2.100/24 192.0.2.9`. */
export function keyOf({ ifindex, addr, prefix, peer }: ChangedAddress): string {
  return `${ifindex} ${formatIpv4(addr)}/${prefix}${peer === undefined ? '' : ` ${formatIpv4(peer)}`}`
}

function formatRecord({ cookie, process, addresses }: Recorded): string {
  return `${JSON.stringify({ cookie, process, addresses: addresses.map(keyOf) })}\n`
}

/** Throws a line: it holds something that AddressRecord does not write. */
export function parseRecord(text: string): Recorded {
  const { cookie, process, addresses } = (JSON.parse(text) ?? {}) as Record<string, unknown>
  const { pid, start } = (process ?? {}) as Record<string, unknown>
  if (cookie !== undefined && typeof cookie !== 'string') throw new Error('cookie is no text')
  if (!Number.isInteger(pid) || typeof start !== 'string') throw new Error('process is none')
  if (!Array.isArray(addresses)) throw new Error('addresses is no list')
  return { cookie, process: { pid: Number(pid), start }, addresses: addresses.map(parseKey) }
}

function parseKey(key: unknown): ChangedAddress {
  const [, index = '', text = '', prefix = '', other] = /^(\d+) ([\d.]+)\/(\d+)(?: ([\d.]+))?$/.exec(String(key)) ?? []
  const [addr, peer] = [parseIpv4(text), parseIpv4(other ?? '')]
  const isBad = addr === undefined || Number(prefix) > 32 || (other !== undefined && peer === undefined)
  if (isBad) throw new Error(`'${String(key)}' is no address of an interface`)
  return { ifindex: Number(index), addr, prefix: Number(prefix), ...(peer !== undefined && { peer }) }
}
