import type { Check, Hardware } from '../../native-free/lab-report.js'
import type { Download } from './client-news.js'
import type { Balancer, Peer } from './ha-plan.js'
import type { Reign } from './masters.js'

/** Something that the lab does to a director or a real server, and what must come of it. Times are ms since 1970. */
export interface Deed {
  /** 'lb1 is killed with -9' */
  what: string
  atMs: number
  /** Who is to be master then; absent: a real server's. */
  master?: Balancer
  /** When that had come: the first advert, or the last of the directors had changed its rules. Absent: it did not. */
  doneMs?: number
  /** It must have come within, by a machine that is not busy. */
  limitMs: number
  /** How late a timer of the lab's was at most, ms: how busy the machine was. */
  lateMs: number
  /** When requests may fail and connections break: from the deed on, only at its end, or never. */
  hurts: 'meanwhile' | 'at the end' | 'never'
  /** With a new master: the time since the last advert of the one before. */
  silenceMs?: number
}

/** Some requests of ab's, or of a program in its place. */
export interface Burst {
  fromMs: number
  toMs: number
  answered: number
  failed: number
}

/** The report of the lab. `uvs lab ha --json FILE` writes it. */
export interface HaReport extends Hardware {
  mode: 'ha'
  /** What spoke VRRP on lb2. */
  peer: Peer
  seconds: number
  deeds: Deed[]
  reigns: Reign[]
  requests: { asked: number; failed: number }
  downloads: Download[]
  bursts: Burst[]
  checks: Check[]
}
