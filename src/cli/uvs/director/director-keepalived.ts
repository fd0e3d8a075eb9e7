import { networkInterfaces } from 'node:os'
import type { Answer, Committed, Control, HealthPage, ReloadPlanPage, VrrpInfo } from '../../../control/protocol/api.js'
import type { Transactions } from '../../../control/rules/transactions.js'
import { hostSockets } from '../../../keepalived/checkers/host-sockets.js'
import type { Action } from '../../../keepalived/health/action.js'
import type { CheckedService } from '../../../keepalived/health/checked-service.js'
import { HealthChecker } from '../../../keepalived/health/health-checker.js'
import { TrackFiles } from '../../../keepalived/health/track-files.js'
import { Gate } from '../../../keepalived/rules/change-requests.js'
import { LvsTimeouts } from '../../../keepalived/rules/lvs-timeouts.js'
import { RuleWriter } from '../../../keepalived/rules/rule-writer.js'
import { blockChanges } from '../../../keepalived/seen/block-changes.js'
import { healthPage } from '../../../keepalived/seen/health-seen.js'
import { instanceChanges } from '../../../keepalived/seen/instance-changes.js'
import type { Moment } from '../../../keepalived/seen/moment.js'
import { vrrpInfo } from '../../../keepalived/seen/vrrp-seen.js'
import { WallClock } from '../../../keepalived/seen/wall-clock.js'
import { AddressRecord } from '../../../keepalived/vrrp-host/address-record.js'
import { VrrpHost } from '../../../keepalived/vrrp-host/vrrp-host.js'
import type { Cidr } from '../../../wire/addr.js'
import { summary } from '../rules/format-plan.js'
import type { DirectorInterfaces } from './director-interfaces.js'
import { DirectorNotices } from './director-notices.js'
import { DirectorVrrp } from './director-vrrp.js'
import {
  newComplaints,
  readKeepalived,
  tellComplaints,
  whyNotReloaded,
  type ReadBy,
  type ReadFile,
} from './read-keepalived.js'
import { ReloadPlanner } from './reload-plan.js'
import { virtualAddresses } from '../../../keepalived/vrrp/virtual-addresses.js'
import { whyVirtual } from './virtual-addresses.js'
import { reloadWhole, type Reloaded } from './whole-reload.js'

/** How often the host's addresses are looked at for ha_suspend. */
const ADDRESSES_MS = 1000

export interface KeepalivedOf extends ReadBy {
  /** Virtual routers are spoken by it where uvs holds the interface alone. */
  readonly own: DirectorInterfaces
  /** For what a killed director leaves. */
  readonly directory: string
  readonly director: Control & Pick<Transactions, 'changeAll'>
  readonly tell: (line: string) => void
  /** Told of states of servers and virtual routers that are not what they were. */
  readonly happened: (kind: 'vrrp' | 'health', text: string) => void
}

/** What a keepalived.conf asks of a running director: checks, rules, scripts, virtual routers. */
export class DirectorKeepalived {
  readonly #of: KeepalivedOf
  readonly #gate: Gate
  readonly #writer: RuleWriter
  readonly #timeouts: LvsTimeouts
  readonly #notices: DirectorNotices
  readonly #files: TrackFiles
  readonly #checker: HealthChecker
  readonly #vrrp: DirectorVrrp
  readonly #clock = new WallClock()
  readonly #addressTimer: NodeJS.Timeout
  /** The host's, as of the last look. */
  #addresses: ReadonlySet<string>
  #running: ReadFile
  #reloading: Promise<unknown> | undefined
  readonly #planner: ReloadPlanner

  private constructor(of: KeepalivedOf, read: ReadFile) {
    this.#of = of
    this.#running = read
    this.#addresses = addressesOf(of.own)
    this.#gate = new Gate(of.director)
    this.#writer = new RuleWriter(this.#gate, (message, change) => {
      of.tell(`a rule is refused: ${message}`)
      if (change !== undefined) this.#checker.refused(change)
    })
    this.#timeouts = new LvsTimeouts(of.director)
    this.#notices = new DirectorNotices(read.config.global, of.tell)
    this.#files = new TrackFiles((name, value) => {
      this.#checker.fileChanged(name, value)
      this.#vrrp.fileChanged(name, value)
    })
    this.#files.follow(read.config.trackFiles)
    this.#checker = new HealthChecker({
      services: read.services,
      settings: read.config.global,
      act: action => this.#act(action),
      sockets: hostSockets,
      fileValue: name => this.#files.value(name),
      isSuspended: service => isSuspended(service, this.#addresses),
    })
    this.#planner = new ReloadPlanner({
      director: of.director,
      checker: this.#checker,
      read: file => readKeepalived({ ...of, file }),
      running: () => this.#running,
    })
    this.#vrrp = new DirectorVrrp(
      {
        tell: of.tell,
        happened: text => of.happened('vrrp', text),
        runScript: script => this.#notices.run(script),
        writeFifo: line => this.#notices.writeVrrp(line),
        mail: mail => this.#notices.mail(mail),
        moved: () => this.#lookAtAddresses(),
        fileValue: name => this.#files.value(name),
        speaker: (settings, tell) => new VrrpHost(settings, tell, of.own, new AddressRecord(of.directory, of.tell)),
      },
      read.config,
    )
    this.#addressTimer = setInterval(() => this.#lookAtAddresses(), ADDRESSES_MS)
  }

  /** Begins to check and to write rules, then to speak VRRP: who becomes master has its services. */
  static async start(of: KeepalivedOf, read: ReadFile): Promise<DirectorKeepalived> {
    tellComplaints(read.complaints, of.file, of.tell)
    const found = new DirectorKeepalived(of, read)
    try {
      await found.#notices.start()
      of.own.withhold(virtualAddresses(read.config))
      await found.#timeouts.set(read.config.global.lvsTimeouts)
      await found.#notices.follow(read.config.global)
      found.#checker.start()
      await found.#writer.written()
      found.#vrrp.start()
      return found
    } catch (error) {
      await found.close()
      throw error
    }
  }

  /** Reads the file again. Returns the result as a line: an error that the running configuration has not changes nothing. */
  async reload(): Promise<string> {
    const { file } = this.#of
    let read: ReadFile
    try {
      read = await readKeepalived(this.#of)
    } catch (error) {
      return `${file}: nothing has changed: ${(error as Error).message}`
    }
    const was = this.#running
    const why = whyNotReloaded(file, read, was)
    if (why !== undefined) return `${file}: nothing has changed: ${why}`
    tellComplaints(newComplaints(read, was), file, this.#of.tell)
    try {
      const changing = this.#change(read)
      this.#reloading = changing
      const { left, ...committed } = await changing
      for (const line of left) this.#of.tell(line)
      const counts = `${read.services.length} virtual servers, ${read.config.instances.length} vrrp_instances`
      return `${file}: ${counts}: ${changed(was, read, committed)}`
    } catch (error) {
      return `${file}: nothing has changed: ${(error as Error).message}`
    }
  }

  /** All of it or nothing. */
  #change(read: ReadFile): Promise<Reloaded> {
    const was = this.#running
    const parts = {
      director: this.#of.director,
      checker: this.#checker,
      writer: this.#writer,
      gate: this.#gate,
    }
    return reloadWhole(parts, {
      services: read.services,
      settings: read.config.global,
      begin: () => this.#use(read),
      follow: () => this.#reloadVrrp(read, was),
      undo: () => this.#use(was),
    })
  }

  async #use(read: ReadFile): Promise<void> {
    this.#running = read
    this.#files.follow(read.config.trackFiles)
    this.#of.own.withhold(virtualAddresses(read.config))
    this.#addresses = addressesOf(this.#of.own)
    await this.#timeouts.set(read.config.global.lvsTimeouts)
    await this.#notices.follow(read.config.global)
  }

  #reloadVrrp(read: ReadFile, was: ReadFile): void {
    try {
      this.#vrrp.reload(read.config)
    } catch (error) {
      this.#vrrp.reload(was.config)
      throw error
    }
  }

  /** What is known of the virtual servers from the one of number `from` on. */
  healthPage(from: number): HealthPage {
    return healthPage(this.#checker.services, from, this.#now())
  }
  /** What is known of the virtual routers. */
  vrrp(): VrrpInfo {
    return vrrpInfo(this.#vrrp.router, this.#vrrp.scripts, this.#now())
  }

  /** The files as they run, and what is to be told of them. */
  get read(): ReadFile {
    return this.#running
  }

  /** What a reload of such a file would change. */
  planReload(file: string, from: number): Promise<Answer<ReloadPlanPage>> {
    return this.#planner.page(file, from)
  }

  /** A backup must not answer for its addresses. */
  whyNotClaimed(block: Cidr): string | undefined {
    return whyVirtual(this.#running.config, block)
  }
  /** A master must. */
  whyNotLetGo(block: Cidr): string | undefined {
    return this.#of.own.holds(block) ? whyVirtual(this.#running.config, block) : undefined
  }

  /** Says good-bye, then ends checks and scripts; the services go. */
  async close(): Promise<void> {
    clearInterval(this.#addressTimer)
    await this.#reloading?.catch(() => {})
    this.#vrrp.close()
    this.#files.close()
    this.#checker.stop()
    await this.#writer.written()
    await this.#of.own.settled()
    await this.#timeouts.restore()
    await this.#notices.close()
  }

  #now(): Moment {
    return { nowMs: performance.now(), clock: this.#clock }
  }

  #lookAtAddresses(): void {
    if (!this.#running.services.some(({ haSuspend }) => haSuspend)) return
    this.#addresses = addressesOf(this.#of.own)
    this.#checker.addressesChanged()
  }

  #act(action: Action): void {
    switch (action.kind) {
      case 'log':
        return this.#of.tell(action.line)
      case 'happened':
        return this.#of.happened('health', action.text)
      case 'script':
        return this.#notices.run(action.script)
      case 'fifo':
        return this.#notices.writeLvs(action.line)
      case 'mail':
        return this.#notices.mailOfCheck(action)
      default:
        return this.#writer.change(action)
    }
  }
}

/** `vrrp_instance VI_1 changed (priority); 1 service added; …` */
function changed(was: ReadFile, read: ReadFile, committed: Committed): string {
  const blocks = changedBlocks(was, read)
  const isOfRules = Object.keys(committed.changes).length > 0
  return [...blocks, ...(isOfRules || blocks.length === 0 ? [summary(committed)] : [])].join('; ')
}
/** `vrrp_instance VI_1 changed (priority)`, one each. */
function changedBlocks(was: ReadFile, read: ReadFile): string[] {
  const instances = instanceChanges(was.config.instances, read.config.instances)
  return [
    ...instances.map(({ instance, ...rest }) => ({ block: 'vrrp_instance', name: instance, ...rest })),
    ...blockChanges(was.config, read.config),
  ].map(({ block, name, change, settings }) => {
    const what = change === 'changed' ? ` (${settings.map(({ keyword }) => keyword).join(', ')})` : ''
    return `${block} ${name} ${change}${what}`
  })
}

/** ha_suspend: the address of the service is on none of the interfaces. */
function isSuspended({ target }: CheckedService, addresses: ReadonlySet<string>): boolean {
  return target.kind === 'address' && !addresses.has(target.address)
}

/** The host's, and the director's where it holds interfaces alone. */
function addressesOf(own: DirectorInterfaces): ReadonlySet<string> {
  const all = Object.values(networkInterfaces()).flatMap(list => list ?? [])
  return new Set([...all.map(({ address }) => address), ...own.answered])
}
