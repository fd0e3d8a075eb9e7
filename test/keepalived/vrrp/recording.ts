import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readConfig } from '../../../src/keepalived/config/read-config.js'
import type { KeepalivedConfig } from '../../../src/keepalived/config/tree/config.js'
import { unhex } from '../../support/octets.js'

/* Runs of the real keepalived 2.2.7, recorded: test/fixtures/keepalived/vrrp. Its README says what the lines mean. */

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), '../../../../test/fixtures/keepalived/vrrp')
const ETHERNET_LEN = 14

export type Node = 'a' | 'b'

/** What was done to the nodes, or what one of them logged. */
export interface RecordedEvent {
  readonly t: number
  readonly kind: 'do' | 'log' | 'exit'
  readonly node: string
  readonly text: string
}

export interface RecordedAdvert {
  readonly t: number
  readonly interface: string
  readonly sender: string
  /** The IP packet, and padding behind it; of long ones the first 386 octets. */
  readonly packet: Uint8Array
}

/** Gratuitous ARPs or neighbour advertisements that followed each other at once. */
export interface RecordedAnnouncement {
  readonly t: number
  readonly interface: string
  readonly sender: string
  readonly address: string
  readonly count: number
}

export interface Recording {
  readonly name: string
  readonly about: string
  readonly configurations: Partial<Record<Node, { readonly t: number; readonly text: string }[]>>
  readonly events: readonly RecordedEvent[]
  readonly adverts: readonly RecordedAdvert[]
  readonly announcements: readonly RecordedAnnouncement[]
}

type Frame = [t: number, on: string, sender: string, octets: string, count?: number]

export function recordingNames(): string[] {
  return readdirSync(FOLDER)
    .filter(name => name.endsWith('.json'))
    .map(name => name.slice(0, -'.json'.length))
}

export function recordingOf(name: string): Recording {
  const { about, configurations, events, frames } = JSON.parse(
    readFileSync(join(FOLDER, `${name}.json`), 'utf8'),
  ) as Pick<Recording, 'about' | 'configurations'> & {
    events: [number, RecordedEvent['kind'], string, string][]
    frames: Frame[]
  }
  const isAnnouncement = ([, , , octets]: Frame): boolean => octets.startsWith('announce ')
  return {
    name,
    about,
    configurations,
    events: events.map(([t, kind, node, text]) => ({ t, kind, node, text })),
    adverts: frames
      .filter(frame => !isAnnouncement(frame))
      .map(([t, on, sender, hex]) => ({ t, interface: on, sender, packet: unhex(hex).subarray(ETHERNET_LEN) })),
    announcements: frames.filter(isAnnouncement).map(([t, on, sender, text, count = 1]) => ({
      t,
      interface: on,
      sender,
      address: text.split(' ')[1] ?? '',
      count,
    })),
  }
}

/** A configuration's text, read where every interface, script and user is there. */
export function configOf(text: string): KeepalivedConfig {
  const { config } = readConfig('a.conf', {
    configId: 'a',
    read: () => ({ kind: 'file', text }),
    list: () => [],
    hasInterface: () => true,
    isLoopback: () => false,
    hasNamespace: () => true,
    hasUser: name => name !== 'keepalived_script',
    hasGroup: () => true,
    resolves: () => true,
    script: () => 'runs',
    routingNumber: () => undefined,
    isVrf: () => false,
    cpus: 2,
    random: () => 0,
  })
  if (!config) throw new Error(`no configuration: ${text}`)
  return config
}
