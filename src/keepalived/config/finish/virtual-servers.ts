import type { Family } from '../../../wire/ip-addr.js'
import type { ConfigDraft, VirtualServerDraft } from '../draft.js'
import type { Report } from '../report.js'
import type { RealServer, VirtualServer, VirtualServerGroup } from '../tree/virtual-server.js'
import { finishRealServers } from './real-servers.js'
import { warnOfSlowStart } from './slow-start.js'

const DEFAULT_PERSISTENCE = 360

/** What keepalived checks after the file: drops services without servers, resets what does not go together, fills in defaults. */
export function finishVirtualServers(config: ConfigDraft, report: Report): VirtualServer[] {
  return config.virtualServers.flatMap(draft => {
    const group = draft.target.kind === 'group' ? draft.target.group : undefined
    const at = config.heads.get(draft)
    const found = config.virtualServerGroups.find(({ name }) => name === group)
    if (group !== undefined && found === undefined) {
      const left = `ignoring virtual server [${group}]:0`
      report.add('warning', at, `Virtual server group ${group} specified but not configured - ${left}`)
      return []
    }
    if (found && draft.realServers.length > 0 && !isOfFamily(found, draft.family) && draft.method?.kind !== 'TUN') {
      const why = `Virtual server group ${found.name} has addresses of another family than its real servers - ignoring virtual server [${found.name}]:0`
      report.add('warning', at, why, 'only tunnels serve both')
      return []
    }
    const server = finishVirtualServer(draft, found, config, report)
    if (server && at) config.heads.set(server, at)
    return server ?? []
  })
}

/** `[10.1.1.1]:tcp:80`, `FWM 5`, `[G]:0`. */
export function nameOf({ target }: VirtualServerDraft, protocol: string): string {
  if (target.kind === 'address') return `[${target.address}]:${protocol}:${target.port}`
  return target.kind === 'fwmark' ? `FWM ${target.mark}` : `[${target.group}]:0`
}

/** Every address of the group is of the family of the real servers. */
function isOfFamily({ entries }: VirtualServerGroup, family: Family | undefined): boolean {
  return entries.every(entry => (entry.kind === 'fwmark' ? (entry.family ?? family) : entry.range.family) === family)
}

function finishVirtualServer(
  draft: VirtualServerDraft,
  group: VirtualServerGroup | undefined,
  config: ConfigDraft,
  report: Report,
): VirtualServer | undefined {
  const at = config.heads.get(draft)
  const error = (text: string, help?: string): void => report.add('error', at, text, help)
  if (draft.realServers.length === 0) {
    error(
      `Virtual server ${nameOf(draft, draft.protocol ?? 'none')} has no real servers - ignoring`,
      'write real_server ADDRESS PORT { … } in it',
    )
    return undefined
  }
  const haSuspend = maySuspend(draft, group, error)
  const protocol = protocolOf(draft, group, error)
  const name = nameOf(draft, protocol)
  if (draft.scheduler === undefined)
    error(`Virtual server ${name}: no scheduler set, setting default 'wlc'`, 'write lb_algo wlc')
  if (draft.method === undefined)
    error(`Virtual server ${name}: no forwarding method set, setting default NAT`, 'write lb_kind NAT')
  const method = draft.method ?? ({ kind: 'NAT' } as const)
  const isZeroPort = draft.target.kind === 'address' ? draft.target.port === 0 : hasZeroPort(group)
  let persistenceSeconds = draft.persistenceSeconds ?? 0
  if (isZeroPort && persistenceSeconds === 0) {
    error(
      `Virtual server ${name}: zero port only valid for persistent services - setting`,
      'write a port behind the address, or persistence_timeout',
    )
    persistenceSeconds = DEFAULT_PERSISTENCE
  }
  if (draft.ops && protocol !== 'udp' && draft.target.kind !== 'fwmark')
    error(`Virtual server ${name}: one packet scheduling requires UDP - resetting`)
  const realServers = finishRealServers(draft, { name, protocol, method }, config, report)
  warnOfSlowStart({ name, scheduler: draft.scheduler, at }, realServers, report)
  const { quorum, hysteresis } = quorumOf(draft, name, realServers, error)
  const { sorryServer, flags, ...rest } = draft
  return {
    ...rest,
    flags,
    name,
    protocol,
    scheduler: draft.scheduler ?? 'wlc',
    method,
    persistenceSeconds,
    ops: draft.ops === true && (protocol === 'udp' || draft.target.kind === 'fwmark'),
    alpha: draft.alpha ?? false,
    omega: draft.omega ?? false,
    haSuspend,
    inhibitOnFailure: draft.inhibitOnFailure ?? false,
    quorum,
    hysteresis,
    weight: draft.weight ?? 1,
    realServers,
    ...(sorryServer && {
      sorryServer: { ...sorryServer, port: sorryServer.port || portOf(draft), method: sorryServer.method ?? method },
    }),
  }
}

/** A mark has no address that the kernel could hold. */
function maySuspend(draft: VirtualServerDraft, group: VirtualServerGroup | undefined, error: Says): boolean {
  if (!draft.haSuspend) return false
  const hasMark = draft.target.kind === 'fwmark' || (group?.entries.some(({ kind }) => kind === 'fwmark') ?? false)
  if (hasMark)
    error(`Virtual server ${nameOf(draft, 'none')}: cannot use ha_suspend with fwmarks - clearing ha_suspend`)
  return !hasMark
}

function portOf({ target }: VirtualServerDraft): number {
  return target.kind === 'address' ? target.port : 0
}

type Says = (text: string, help?: string) => void

function protocolOf(
  draft: VirtualServerDraft,
  group: VirtualServerGroup | undefined,
  error: Says,
): VirtualServer['protocol'] {
  const { target, protocol } = draft
  const marksOnly =
    target.kind === 'fwmark' || (group !== undefined && group.entries.every(({ kind }) => kind === 'fwmark'))
  if (marksOnly) {
    if (protocol)
      error(
        `Warning: Virtual server ${nameOf(draft, protocol)}: protocol specified for fwmark - protocol will be ignored`,
      )
    return 'none'
  }
  if (protocol) return protocol
  error(`Virtual server ${nameOf(draft, 'none')}: no protocol set - defaulting to UDP`, 'write protocol TCP')
  return 'udp'
}

function hasZeroPort(group: VirtualServerGroup | undefined): boolean {
  return group?.entries.some(entry => entry.kind === 'addresses' && entry.port === 0) ?? false
}

/** A quorum that all servers together can reach; a hysteresis below it. With no weight at all keepalived sets it to 2³² − 1, uvs to 0. */
function quorumOf(
  draft: VirtualServerDraft,
  name: string,
  servers: readonly RealServer[],
  error: Says,
): { quorum: number; hysteresis: number } {
  const total = servers.reduce((sum, { weight }) => sum + weight, 0)
  let quorum = draft.quorum ?? 1
  let hysteresis = draft.hysteresis ?? 0
  if (quorum > total) {
    error(
      `Warning - quorum ${quorum} for ${name} exceeds total weight of real servers ${total}, reducing quorum to ${total}`,
    )
    quorum = total
  }
  if (hysteresis >= quorum) {
    const set = quorum === 0 ? 4_294_967_295 : quorum - 1
    error(
      `Virtual server ${name}: hysteresis ${hysteresis} >= quorum ${quorum}; setting hysteresis to ${set}`,
      ...(quorum === 0 ? ['uvs: to 0'] : []),
    )
    hysteresis = quorum === 0 ? 0 : set
  }
  return { quorum, hysteresis }
}
