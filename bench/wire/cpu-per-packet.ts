/*
 * The CPU cost of a packet, in nanoseconds. Three figures that must not be added up:
 *
 *   user     the balancer's processes, in their own code
 *   system   the same, in the kernel. If the kernel does not account for interrupts (no CONFIG_IRQ_TIME_ACCOUNTING, as most),
 *            this includes the softirqs that ran within their calls: the receiver's half of what they send over a veth.
 *   softirq  of all CPUs: the cost of the kernel's own balancing, but also the client's and the servers' half of
 *            each veth. A balancer's part is the difference to the same load with routing only.
 *
 * A packet is a frame received by an interface of the director; one left to a device to segment counts as one.
 */
import { readFileSync } from 'node:fs'
import { interfaceCounters, processTicks, TICKS_A_SECOND } from '../../netns-lab/director-counters.js'
import type { NetnsLab } from '../../netns-lab/netns-lab.js'

/** Counters at a moment; CPU time in ticks. */
export interface CpuReading {
  packets: number
  user: number
  system: number
  softirq: number
  /** Of all CPUs, whatever they did. */
  busy: number
}

export interface CpuPerPacket {
  packets: number
  userNs: number
  systemNs: number
  softirqNs: number
}

/** Reads the counters. `pids`: the balancer's processes; none where the kernel balances. */
export async function readCpu(lab: NetnsLab, pids: readonly number[]): Promise<CpuReading> {
  const { received } = await interfaceCounters(lab)
  const stat = readFileSync('/proc/stat', 'utf8')
  const reading = {
    packets: received.packets,
    user: 0,
    system: 0,
    softirq: softirqTicks(stat),
    busy: busyTicks(stat),
  }
  for (const pid of pids) {
    const { user, system } = processTicks(readFileSync(`/proc/${pid}/stat`, 'latin1'))
    reading.user += user
    reading.system += system
  }
  return reading
}

/** The cost of each packet between two readings. Throws when there was no packet. */
export function cpuBetween(before: CpuReading, after: CpuReading): CpuPerPacket {
  const packets = after.packets - before.packets
  if (!(packets > 0)) throw new Error('no packet has passed the director')
  const ns = (what: 'user' | 'system' | 'softirq'): number =>
    ((after[what] - before[what]) * (1e9 / TICKS_A_SECOND)) / packets
  return { packets, userNs: ns('user'), systemNs: ns('system'), softirqNs: ns('softirq') }
}

/** The cost during a load, of at least a second: the kernel counts CPU time in units of 10 ms. */
export async function cpuPerPacket(
  lab: NetnsLab,
  pids: readonly number[],
  load: () => Promise<unknown>,
): Promise<CpuPerPacket> {
  const before = await readCpu(lab, pids)
  await load()
  return cpuBetween(before, await readCpu(lab, pids))
}

export function softirqTicks(stat: string): number {
  return cpuTicks(stat)[6]!
}
/** All but idle and iowait. */
export function busyTicks(stat: string): number {
  const [user, nice, system, , , irq, softirq, steal = 0] = cpuTicks(stat) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  return user + nice + system + irq + softirq + steal
}
/** The first line of /proc/stat, all CPUs together: user nice system idle iowait irq softirq steal … in ticks (proc(5)). */
function cpuTicks(stat: string): number[] {
  const ticks = /^cpu +([\d ]+)$/m.exec(stat)?.[1]?.split(' ').map(Number) ?? []
  if (ticks.length < 7) throw new Error("/proc/stat has no line 'cpu'")
  return ticks
}
