/*
 * What a packet costs of CPUs, in nanoseconds. Three figures that are not to be added up:
 *
 *   user     the balancer's processes, in their own code
 *   system   the same, in the kernel. Where the kernel does not clock interrupts (no CONFIG_IRQ_TIME_ACCOUNTING, as most)
 *            this holds the softirqs that ran within their calls: the receiver's half of what they send over a veth.
 *   softirq  of the whole machine: what the kernel's own balancing costs, but also the client's and the servers' half of
 *            each veth. What a balancer adds is the difference to the same load with routing only.
 *
 * A packet is a frame that an interface of the director received; one left for a device to segment counts as one.
 */
import { readFileSync } from 'node:fs'
import { interfaceCounters, processTicks, TICKS_A_SECOND } from '../../netns-lab/director-counters.js'
import type { NetnsLab } from '../../netns-lab/netns-lab.js'

/** Counts at a moment; CPU time in ticks. */
export interface CpuReading {
  packets: number
  user: number
  system: number
  softirq: number
}

export interface CpuPerPacket {
  packets: number
  userNs: number
  systemNs: number
  softirqNs: number
}

/** Counts now. `pids`: the balancer's processes; none where the kernel does it.. */
export async function readCpu(lab: NetnsLab, pids: readonly number[]): Promise<CpuReading> {
  const { received } = await interfaceCounters(lab)
  const reading = {
    packets: received.packets,
    user: 0,
    system: 0,
    softirq: softirqTicks(readFileSync('/proc/stat', 'utf8')),
  }
  for (const pid of pids) {
    const { user, system } = processTicks(readFileSync(`/proc/${pid}/stat`, 'latin1'))
    reading.user += user
    reading.system += system
  }
  return reading
}

/** What each packet between two readings cost. Throws when there was none. */
export function cpuBetween(before: CpuReading, after: CpuReading): CpuPerPacket {
  const packets = after.packets - before.packets
  if (!(packets > 0)) throw new Error('no packet has passed the director')
  const ns = (what: 'user' | 'system' | 'softirq'): number =>
    ((after[what] - before[what]) * (1e9 / TICKS_A_SECOND)) / packets
  return { packets, userNs: ns('user'), systemNs: ns('system'), softirqNs: ns('softirq') }
}

/** The same around a load, of a second at least: the kernel counts CPU time by 10 ms. */
export async function cpuPerPacket(
  lab: NetnsLab,
  pids: readonly number[],
  load: () => Promise<unknown>,
): Promise<CpuPerPacket> {
  const before = await readCpu(lab, pids)
  await load()
  return cpuBetween(before, await readCpu(lab, pids))
}

/** The first line of /proc/stat, all CPUs together: user nice system idle iowait irq softirq … in ticks (proc(5)). */
export function softirqTicks(stat: string): number {
  const softirq = Number(/^cpu +((?:\d+ ){6})(\d+)/m.exec(stat)?.[2])
  if (Number.isNaN(softirq)) throw new Error("/proc/stat has no line 'cpu'")
  return softirq
}
