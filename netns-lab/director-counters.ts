import { readFileSync } from 'node:fs'
import { armsOf } from '../native-free/lab-plan.js'
import type { NetnsLab } from './netns-lab.js'

/** Traffic through the director's interfaces since they were made. */
export interface InterfaceCounters {
  received: { octets: number; packets: number }
  sent: { octets: number; packets: number }
}

/** The traffic, and the CPU time of the director's process. */
export interface DirectorCounters extends InterfaceCounters {
  /** utime and stime. */
  cpuSeconds: number
}

/** USER_HZ, the unit of proc(5); 100 on every Linux that Node runs on. */
export const TICKS_A_SECOND = 100

/** Reads the counters now. */
export async function directorCounters(lab: NetnsLab, pid: number): Promise<DirectorCounters> {
  const cpuSeconds = cpuTicks(readFileSync(`/proc/${pid}/stat`, 'latin1')) / TICKS_A_SECOND
  return { ...(await interfaceCounters(lab)), cpuSeconds }
}

/** A frame that a host leaves to its device to segment counts as one packet. */
export async function interfaceCounters(lab: NetnsLab): Promise<InterfaceCounters> {
  const { plan, io } = lab.options
  const counters: InterfaceCounters = { received: nothing(), sent: nothing() }
  for (const { link } of armsOf(plan)) {
    const name = io === 'tap' ? `${link}-up` : link
    const [stats] = JSON.parse(
      await lab.spaces.must('director', 'ip', ['-j', '-s', 'link', 'show', name]),
    ) as LinkStats[]
    add(counters.received, stats?.stats64.rx)
    add(counters.sent, stats?.stats64.tx)
  }
  return counters
}

export function difference(before: DirectorCounters, after: DirectorCounters): DirectorCounters {
  const less = (a: DirectorCounters['sent'], b: DirectorCounters['sent']): DirectorCounters['sent'] => {
    return { octets: a.octets - b.octets, packets: a.packets - b.packets }
  }
  return {
    received: less(after.received, before.received),
    sent: less(after.sent, before.sent),
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
  }
}

/** utime + stime of a line of /proc/PID/stat. */
export function cpuTicks(stat: string): number {
  const { user, system } = processTicks(stat)
  return user + system
}

/** Fields 14 and 15 of /proc/PID/stat, all threads together; the second field, a name in parentheses, may hold anything. */
export function processTicks(stat: string): { user: number; system: number } {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { user: Number(fields[11]), system: Number(fields[12]) }
}

interface LinkStats {
  stats64: { rx: RawStats; tx: RawStats }
}
interface RawStats {
  bytes: number
  packets: number
}

const nothing = (): { octets: number; packets: number } => ({ octets: 0, packets: 0 })

function add(sum: { octets: number; packets: number }, stats: RawStats | undefined): void {
  sum.octets += stats?.bytes ?? 0
  sum.packets += stats?.packets ?? 0
}
