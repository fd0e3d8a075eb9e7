import {
  keyOf,
  type DestinationInfo,
  type DestinationSettingsInfo,
  type PlannedChange,
  type RuleChange,
  type ServiceInfo,
  type ServiceSettingsInfo,
} from '../protocol/api.js'
import { Shares } from './shares.js'

/**
 * The changes that make the current services the desired ones, grouped by service. Unchanged ones are not touched; the order of
 * services, real servers and local addresses does not matter. Additions come before deletions, so that no connection is refused
 * in between. Exceptions, which are deleted first: a service whose address becomes a local address, and a real server or local
 * address of a service whose address becomes the other one.
 */
export function diff(current: readonly ServiceInfo[], desired: readonly ServiceInfo[]): PlannedChange[][] {
  return [...changesByService(current, desired)].filter(changes => changes.length > 0)
}

/** The same in shares of time: ten thousand services take a quarter of a second. */
export async function diffInShares(
  current: readonly ServiceInfo[],
  desired: readonly ServiceInfo[],
): Promise<PlannedChange[][]> {
  const shares = new Shares()
  const groups: PlannedChange[][] = []
  for (const changes of changesByService(current, desired)) {
    if (changes.length > 0) groups.push(changes)
    if (shares.isOver) await shares.next()
  }
  return groups
}

function* changesByService(
  current: readonly ServiceInfo[],
  desired: readonly ServiceInfo[],
): Generator<PlannedChange[], void> {
  const there = new Map(current.map(service => [nameOf(service), service]))
  const wanted = new Set(desired.map(nameOf))
  const locals = new Set(desired.flatMap(service => service.localAddresses ?? []))
  const going = current.filter(service => !wanted.has(nameOf(service)))
  const inTheWay = going.filter(service => 'address' in service && locals.has(service.address))
  const first = new Set(inTheWay)
  for (const service of inTheWay) yield deletion(service)
  // In the kernel's order the newest come first; they are added last.
  for (const service of desired.toReversed()) yield serviceChanges(there.get(nameOf(service)), service)
  for (const service of going) if (!first.has(service)) yield deletion(service)
}

function nameOf(service: ServiceInfo): string {
  const key = keyOf(service)
  return 'mark' in key ? JSON.stringify(key) : `${key.protocol} ${key.address} ${key.port}`
}

function deletion(service: ServiceInfo): PlannedChange[] {
  return [planned({ op: 'delete-service', service: keyOf(service) }, connectionsOf(service))]
}

function serviceChanges(before: ServiceInfo | undefined, after: ServiceInfo): PlannedChange[] {
  const service = keyOf(after)
  const settings = settingsOf(after)
  const locals = listDiff(before?.localAddresses ?? [], after.localAddresses ?? [], address => address)
  const dests = listDiff(before?.destinations ?? [], after.destinations, ({ address, port }) => `${address} ${port}`)
  const kept = new Set(before?.localAddresses)
  const isInTheWay = (dest: DestinationInfo): boolean => locals.added.includes(dest.address)
  const changes: PlannedChange[] = []
  const add = (request: RuleChange, connections = 0, was?: PlannedChange['was']): void =>
    void changes.push(planned(request, connections, was))
  const takeServer = (dest: DestinationInfo): void =>
    add({ op: 'delete-destination', service, destination: destinationKey(dest) }, liveOf(dest))
  const takeLocal = (address: string): void => add({ op: 'delete-local-address', service, address })

  if (!before) add({ op: 'add-service', service, settings })
  else if (!isSame(settingsOf(before), settings))
    add({ op: 'edit-service', service, settings }, connectionsOf(before), settingsOf(before))
  const clashing = dests.added.filter(({ address }) => kept.has(address)).map(({ address }) => address)
  locals.gone.filter(address => clashing.includes(address)).forEach(takeLocal)
  dests.gone.filter(isInTheWay).forEach(takeServer)
  for (const address of locals.added) add({ op: 'add-local-address', service, address })
  for (const dest of dests.added.toReversed())
    add({ op: 'add-destination', service, destination: destinationKey(dest), settings: destinationSettingsOf(dest) })
  for (const [was, dest] of editsOf(dests.kept)) {
    const edited = { service, destination: destinationKey(dest), settings: destinationSettingsOf(dest) }
    add({ op: 'edit-destination', ...edited }, liveOf(was), destinationSettingsOf(was))
  }
  dests.gone.filter(dest => !isInTheWay(dest)).forEach(takeServer)
  locals.gone.filter(address => !clashing.includes(address)).forEach(takeLocal)
  return changes
}

/** Edits to a weight above 0 come before edits to 0, so that there is always a real server for new connections. */
function editsOf(kept: readonly (readonly [DestinationInfo, DestinationInfo])[]) {
  const edits = kept.filter(([was, dest]) => !isSame(destinationSettingsOf(was), destinationSettingsOf(dest)))
  return [...edits.filter(([, dest]) => dest.weight > 0), ...edits.filter(([, dest]) => dest.weight === 0)]
}

function planned(request: RuleChange, connections: number, was?: PlannedChange['was']): PlannedChange {
  return { request, connections, ...(was && { was }) }
}

/** Items added, gone, and kept (as before and as after). */
function listDiff<T>(before: readonly T[], after: readonly T[], nameOfItem: (item: T) => string) {
  const there = new Map(before.map(item => [nameOfItem(item), item]))
  const added: T[] = []
  const kept: (readonly [T, T])[] = []
  for (const item of after) {
    const name = nameOfItem(item)
    const was = there.get(name)
    if (was === undefined) added.push(item)
    else kept.push([was, item])
    there.delete(name)
  }
  return { added, kept, gone: [...there.values()] }
}

/** The fields that an edit can change. */
function settingsOf(service: ServiceInfo): ServiceSettingsInfo {
  const { stats: _stats, rates: _rates, localAddresses: _locals, destinations: _destinations, ...rest } = service
  const {
    protocol: _protocol,
    address: _address,
    port: _port,
    mark: _mark,
    family: _family,
    ...settings
  } = rest as ServiceSettingsInfo & Record<'protocol' | 'address' | 'port' | 'mark' | 'family', unknown>
  return settings
}
function destinationSettingsOf(dest: DestinationInfo): DestinationSettingsInfo {
  const { address: _address, port: _port, stats: _stats, rates: _rates, ...rest } = dest
  const { activeConns: _active, inactConns: _inactive, persistConns: _persistent, ...settings } = rest
  return settings
}
function destinationKey({ address, port }: DestinationInfo): { address: string; port: number } {
  return { address, port }
}

/** Both come from listings, so their fields have the same order. Without persistence the mask does not count. */
function isSame(
  a: ServiceSettingsInfo | DestinationSettingsInfo,
  b: ServiceSettingsInfo | DestinationSettingsInfo,
): boolean {
  return JSON.stringify(plain(a)) === JSON.stringify(plain(b))
}
function plain(settings: ServiceSettingsInfo | DestinationSettingsInfo): object {
  return 'persistence' in settings && settings.persistence === 0 ? { ...settings, netmask: '' } : settings
}

function liveOf({ activeConns, inactConns }: DestinationInfo): number {
  return activeConns + inactConns
}
function connectionsOf(service: ServiceInfo): number {
  return service.destinations.reduce((sum, dest) => sum + liveOf(dest), 0)
}
