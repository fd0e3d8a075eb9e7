import { randomBytes } from 'node:crypto'
import { dirname } from 'node:path'
import { RulesLoads } from '../../../control/metrics/rules-loads.js'
import type { RulesHolder } from '../../../control/protocol/api.js'
import { localControl } from '../../../control/operations/execute.js'
import { serveControl } from '../../../control/socket/server.js'
import { trialDirectorMaker } from '../../../control/rules/trial-director.js'
import { Transactions } from '../../../control/rules/transactions.js'
import type { Director } from '../../../director/director.js'
import { UsageError } from '../../../director/options.js'
import type { DataPlane } from '../../../plane/data-plane.js'
import { outliveReaders, print } from '../../command.js'
import type { UvsCommand } from '../command.js'
import { checkNamed } from '../keepalived/check-file.js'
import { hostSurroundings } from '../keepalived/host-surroundings.js'
import { parseDirectorCheck } from './director-check.js'
import { commitDesired, readDesired, type ReloadOf, RulesReload } from './director-rules.js'
import { DIRECTOR_FORMS, parseDirectorOptions, type DirectorCommand } from './director-options.js'
import { DirectorRecording, recordNothing } from './director-recording.js'
import { aloneIn, DirectorInterfaces } from './director-interfaces.js'
import type { DirectorAnnouncing } from './director-announcing.js'
import type { DirectorKeepalived } from './director-keepalived.js'
import type { DirectorEtcd, DirectorEtcdOf } from './etcd/director-etcd.js'
import { DirectorHttp } from './director-http.js'
import { KeepalivedControl } from './keepalived-control.js'
import { ServiceManager } from './service-manager.js'
import { UnreachedServices } from './unreached-services.js'
import { StopSignal } from './stop-signal.js'
import { complain as complainOf } from '../run-uvs.js'

export const director: UvsCommand = {
  name: 'director',
  help: `Runs the data plane in the foreground until SIGINT or SIGTERM. SIGHUP reads the file of --rules or --keepalived again, or the keys of --etcd.
With --check it says what is wrong with the keepalived.conf and starts nothing; status as \`uvs keepalived check\`.`,
  forms: DIRECTOR_FORMS,
  async run(args) {
    const check = parseDirectorCheck(args)
    if (check) return print(checkNamed(check.file, hostSurroundings(check)))
    return runDirector(parseDirectorOptions(args, randomBytes(4).readUInt32LE()), args)
  },
}

const complain = (message: string): void => complainOf('director', message)

interface Closable {
  close(): Promise<void>
}

/** Starts everything, waits for a signal, then stops everything in reverse order. */
async function runDirector(asked: DirectorCommand, args: readonly string[]): Promise<number> {
  outliveReaders()
  const manager = await ServiceManager.of(process.env, complain)
  // Native code is imported only here and below: options and help must work without it.
  const { onThisHost, readHost } = await import('../../../plane/shared-interfaces.js')
  const hasRaw = asked.devices.some(({ kind }) => kind === 'raw')
  const { options: command, notes } = hasRaw ? onThisHost(asked, readHost()) : { options: asked, notes: [] }
  const makeTrial = await trialDirectorMaker(command)
  const http = new DirectorHttp(command.http, complain)
  // First, because it may wait for a pipe, and may be invalid.
  const desired = command.rules === undefined ? [] : await readDesired(command.rules, makeTrial)
  const configured = await keepalivedOf(command, makeTrial, http.happened)
  const whyNotRecorded = command.recording && DirectorRecording.whyNot(command.recording)
  if (whyNotRecorded !== undefined) throw new UsageError(whyNotRecorded)
  const stop = new StopSignal()
  const announcing = await announcingOf(command)
  const { DataPlane } = await import('../../../plane/data-plane.js')
  const hearsAdverts = configured !== undefined && aloneIn(command).length > 0
  const dataPlane = await stop.unlessStopped(signal => DataPlane.start({ ...command, hearsAdverts }, complain, signal))
  if (!dataPlane) return 0
  const rules = new UnreachedServices(announcing?.over(dataPlane) ?? dataPlane, complain)
  const all = new KeepalivedControl(rules, configured !== undefined)
  const control = new Transactions(all, makeTrial, holderOf(command))
  const open: Closable[] = [{ close: () => dataPlane.stop() }, { close: async () => manager.close() }]
  try {
    const rulesLoads = new RulesLoads()
    open.unshift(await serveControl(command.control, await http.over(control), { answered: http.answered }))
    await takeLeft(command.control)
    open.unshift(
      ...(await http.serve({ args, command, dataPlane, control, all, rules: rulesLoads, holder: holderOf(command) })),
    )
    for (const rule of command.marks) await dataPlane.call({ op: 'add-mark', rule })
    await commitDesired(control, desired)
    if (command.rules !== undefined) rulesLoads.record(true, Date.now() / 1000)
    const keepalived = await configured?.start(control, new DirectorInterfaces(dataPlane, command, complain))
    if (keepalived) open.unshift(keepalived)
    if (keepalived) all.show(keepalived)
    if (keepalived) http.show(keepalived)
    const etcd = await etcdOf(command, { director: control, control: all, makeTrial, loads: rulesLoads })
    if (etcd) open.unshift(etcd)
    if (etcd) http.showFleet(etcd)
    const reloads = { file: command.rules, other: keepalived ?? etcd, makeTrial, director: control, loads: rulesLoads }
    open.unshift(reloadOnHangup(reloads, manager))
    for (const note of notes) complain(note)
    const ready = readyLine(command, dataPlane.devices)
    process.stdout.write(`uvs director: ${ready}\n`)
    manager.ready(ready)
    manager.watch(dataPlane)
    const { recording } = command
    open.unshift(recording ? new DirectorRecording(recording, dataPlane, complain) : recordNothing(complain))
    if (announcing) open.unshift(announcing)
    announcing?.begin()
    await Promise.race([stop.came, dataPlane.ended, announcing?.drained ?? stop.came])
  } finally {
    manager.stopping('stopping')
    for (const each of open) await each.close()
  }
  return 0
}

/** Who sets the rules besides those who ask for changes. */
function holderOf({ etcd, keepalived }: DirectorCommand): RulesHolder | undefined {
  if (etcd) return 'etcd'
  return keepalived === undefined ? undefined : 'keepalived.conf'
}

/** Follows the rules that etcd holds, if one is named. */
async function etcdOf(
  { etcd: options }: DirectorCommand,
  of: Omit<DirectorEtcdOf, 'options' | 'tell'>,
): Promise<DirectorEtcd | undefined> {
  if (!options) return undefined
  const { DirectorEtcd } = await import('./etcd/director-etcd.js')
  return DirectorEtcd.start({ ...of, options, tell: complain })
}

/** SIGHUP reads the rules again, until it is closed. */
function reloadOnHangup(of: Omit<ReloadOf, 'begin' | 'tell'>, manager: ServiceManager): Closable {
  const reload = new RulesReload({
    ...of,
    begin: () => manager.reloading('reading the rules again'),
    tell(line) {
      complain(line)
      manager.ready(line)
    },
  })
  const onHangup = (): void => void reload.ask()
  process.on('SIGHUP', onHangup)
  return { close: async () => void process.off('SIGHUP', onHangup) }
}

/** Takes off virtual addresses that a killed director has left. */
async function takeLeft(control: string): Promise<void> {
  const { takeLeftAddresses } = await import('../../../keepalived/vrrp-host/left-addresses.js')
  takeLeftAddresses(dirname(control), complain)
}

/** Reads the keepalived.conf, if one is named; returns what starts it. */
async function keepalivedOf(
  command: DirectorCommand,
  makeTrial: () => Director,
  happened: DirectorHttp['happened'],
): Promise<{ start(director: Transactions, own: DirectorInterfaces): Promise<DirectorKeepalived> } | undefined> {
  const { keepalived: file, devices } = command
  if (file === undefined) return undefined
  const { DirectorKeepalived } = await import('./director-keepalived.js')
  const { readKeepalived } = await import('./read-keepalived.js')
  const interfaces = devices.map(({ name }) => name)
  const hasKernel = aloneIn(command).length < devices.length
  const of = {
    file,
    directory: dirname(command.control),
    interfaces,
    hasKernel,
    given: command,
    makeTrial: () => localControl(makeTrial()),
    tell: complain,
    happened,
  }
  const read = await readKeepalived(of)
  return { start: (director, own) => DirectorKeepalived.start({ ...of, director, own }, read) }
}

/** Makes the interface that VIPs are announced by, if one is asked for. */
async function announcingOf(command: DirectorCommand): Promise<DirectorAnnouncing | undefined> {
  if (!command.announce) return undefined
  if (aloneIn(command).length === command.devices.length)
    throw new UsageError(
      '--announce: uvs shares no interface of --raw with the kernel, by which a BGP daemon could speak',
    )
  const { DirectorAnnouncing } = await import('./director-announcing.js')
  return new DirectorAnnouncing(command.announce, complain)
}

function readyLine(command: DirectorCommand, devices: DataPlane['devices']): string {
  const isBeside = new Set(command.devices.flatMap(each => (each.kind === 'raw' && each.isBeside ? [each.name] : [])))
  const shown = devices.map(
    ({ name, mac, mtu }) => `${name} (${mac}, mtu ${mtu}${isBeside.has(name) ? ', beside the kernel' : ''})`,
  )
  const workers = command.workers > 1 ? `${command.workers} workers; ` : ''
  return `ready on ${shown.join(', ')}; ${workers}control socket ${command.control}`
}
