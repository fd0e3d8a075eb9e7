import { formatIp, isSameIp } from '../../wire/ip-addr.js'
import { VrrpPriority } from '../../wire/vrrp.js'
import type { InstanceSettings, Weighted } from './settings.js'
import type { Surroundings } from './surroundings.js'

/** A sum of a tracked file below this is a fault. */
const LEAST_OF_FILE = -253

/** What something tracked does to the priority. */
export interface PriorityChange {
  /** `script chk`, `tracked interface eth1`, `tracked file tf`. */
  readonly by: string
  readonly change: number
}

/** What the surroundings mean for an instance. */
export interface TrackedState {
  /** 1–254, or 255 for an owner. */
  readonly priority: number
  /** Why it is not the configured one; their sum is kept within its bounds. */
  readonly changes: readonly PriorityChange[]
  /** Why it cannot serve; empty: it can. */
  readonly faults: readonly string[]
  /** A script whose failure would be a fault has not ended yet. */
  readonly isPending: boolean
}

/** `base`: the configured priority, or what an owner fell back to. */
export function trackedState(settings: InstanceSettings, base: number, around: Surroundings): TrackedState {
  const { tracked } = settings
  const faults = faultsOfInterface(settings, around)
  const changes: PriorityChange[] = []
  const add = (by: string, change: number): void => {
    if (change !== 0) changes.push({ by, change })
  }
  let isPending = false
  const follow = (kind: string, { name, weight, isReverse }: Weighted, isGood: boolean | undefined): void => {
    if (weight === 0) {
      if (isGood === isReverse) faults.push(`${kind} ${name} ${isGood ? 'is good, in reverse' : 'failed'}`)
    } else add(`${kind} ${name}`, weightOf(weight, isReverse, isGood))
  }
  for (const link of tracked.interfaces) follow('tracked interface', link, around.link(link.name)?.isUp ?? false)
  for (const script of tracked.scripts) {
    follow('script', script, around.script(script.name))
    if (script.weight === 0 && around.script(script.name) === undefined) isPending = true
  }
  for (const process of tracked.processes) follow('process', process, around.process(process.name))
  for (const { name, weight, isReverse } of tracked.files) {
    const value = around.file(name) ?? 0
    const product = weight * value * (isReverse ? -1 : 1)
    if (weight === 0 ? value !== 0 : product < LEAST_OF_FILE) faults.push(`tracked file ${name} says ${value}`)
    else add(`tracked file ${name}`, product)
  }
  const sum = changes.reduce((total, { change }) => total + change, 0)
  return { priority: limited(base, sum), changes, faults, isPending }
}

function faultsOfInterface(settings: InstanceSettings, around: Surroundings): string[] {
  const { interface: name, family, source, dontTrackPrimary, tracksSource } = settings
  const link = around.link(name)
  const faults: string[] = []
  if (!link || (!link.isUp && !dontTrackPrimary)) faults.push(`interface ${name} down`)
  const hasAddress = source !== undefined || around.sourceOf(name, family) !== undefined
  if (!hasAddress)
    faults.push(`interface ${name} has no IPv${family} address to send adverts from (virtual addresses do not count)`)
  if (tracksSource && source !== undefined && !link?.addresses.some(addr => isSameIp(addr, source)))
    faults.push(`no address ${formatIp(source)} on interface ${name}`)
  if (settings.unicastFaultNoPeer && settings.peers.length === 0) faults.push('no unicast peer')
  return faults
}

/** Positive: added while good; negative: taken off while bad; reverse: the other sign. Unknown counts as neither. */
function weightOf(weight: number, isReverse: boolean, isGood: boolean | undefined): number {
  if (isGood === undefined || isGood !== weight > 0) return 0
  return isReverse ? -weight : weight
}

function limited(base: number, change: number): number {
  return base === VrrpPriority.OWNER ? base : Math.max(1, Math.min(254, base + change))
}
