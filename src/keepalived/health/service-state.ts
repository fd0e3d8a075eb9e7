import { isDeepStrictEqual } from 'node:util'
import type { Script } from '../config/tree/scripts.js'
import type { Act } from './action.js'
import type { ServerState } from './server-state.js'
import { quorumMail, serverMail } from './service-mails.js'
import type { SorryServer } from '../config/tree/virtual-server.js'
import type { CheckedService } from './checked-service.js'

/** What all virtual servers have in common. */
export interface HealthSettings {
  /** notify_up also for servers that are up at the start. */
  readonly rsInitNotifies: boolean
}

/**
 * A virtual server: which of its real servers are in the rules, whether their weights make a quorum, and the sorry server.
 *
 * The quorum is lost when the weight of what is up falls below quorum − hysteresis, and gained at quorum + hysteresis. While it is lost the
 * sorry server takes the place of all servers. At a start it is open until all is known.
 */
export class ServiceState {
  options: CheckedService
  servers: ServerState[] = []
  quorum: 'open' | 'up' | 'down' = 'open'
  sinceMs = 0
  /** Why the quorum is as it is: as the log has it. */
  reason = 'not all first checks have ended'
  isSuspended = false
  /** The sorry server's weight in the rules; undefined: it is not in them. */
  sorryInRules: number | undefined
  readonly #act: Act
  readonly #settings: HealthSettings

  constructor(options: CheckedService, act: Act, settings: HealthSettings) {
    this.options = options
    this.#act = act
    this.#settings = settings
  }

  get name(): string {
    return this.options.name
  }

  get weight(): number {
    return this.servers.reduce((sum, { liveWeight }) => sum + liveWeight, 0)
  }

  /** A checker of this server has spoken: what changes. */
  recheck(server: ServerState, nowMs: number): void {
    const { verdict } = server
    const news = server.takeNews()
    const was = server.known
    if (verdict === was)
      for (const checker of news) this.#act(serverMail('checker', server, checker, was === 'down' ? 'DOWN' : 'UP'))
    if (verdict === 'unknown') return
    if (was !== verdict) {
      server.known = verdict
      server.sinceMs = nowMs
      if (was === 'down' || (server.isNew && verdict === 'up')) this.#beginSmall(server, nowMs)
      server.isNew = false
      if (verdict === 'up') this.#cameUp(server, was === 'unknown')
      else this.#wentDown(server, was === 'unknown')
    } else if (server.weight !== server.shownWeight) this.#reweigh(server)
    else if (server.isRefused) return this.#addAgain(server)
    else return this.#place(server)
    this.updateQuorum(nowMs)
  }

  #cameUp(server: ServerState, isFirst: boolean): void {
    const { options } = server
    const isSilent = isFirst && !options.alpha
    if (!isSilent) {
      const how = options.inhibitOnFailure && server.inRules !== undefined ? 'Enabling' : 'Adding'
      this.#log(`${how} service ${server.name} ${how === 'Enabling' ? 'of' : 'to'} VS ${this.name}`)
    }
    server.shownWeight = server.weight
    this.#place(server)
    if (!isSilent || this.#settings.rsInitNotifies) this.#notify(server, 'UP', options.notifyUp)
  }

  /** slow_start: it was away, or a reload brought it. */
  #beginSmall(server: ServerState, nowMs: number): void {
    const { slowStartMs = 0 } = server.options
    const { weight, name } = server
    if (slowStartMs === 0 || weight < 2) return
    server.growth.begin(nowMs)
    this.#log(`Weight of service ${name} of VS ${this.name} grows from 1 to ${weight} in ${slowStartMs / 1000} s`)
  }

  #wentDown(server: ServerState, isFirst: boolean): void {
    const { options } = server
    server.growth.end()
    if (options.inhibitOnFailure) this.#log(`Disabling service ${server.name} of VS ${this.name}`)
    else if (isFirst) this.#log(`Service ${server.name} of VS ${this.name} is down from the start`)
    else this.#log(`Removing service ${server.name} from VS ${this.name}`)
    this.#place(server)
    this.#notify(server, 'DOWN', options.notifyDown)
  }

  #reweigh(server: ServerState): void {
    const how = server.known === 'up' ? 'active' : 'inactive'
    this.#log(
      `Changing weight from ${server.shownWeight} to ${server.weight} for ${how} service ${server.name} of VS ${this.name}`,
    )
    server.shownWeight = server.weight
    this.#place(server)
  }

  #notify(server: ServerState, state: 'UP' | 'DOWN', script: Script | undefined): void {
    if (script) this.#act({ kind: 'script', script })
    this.#act({ kind: 'fifo', line: `RS ${server.name} ${this.name} ${state}` })
    const checker = server.checkers.find(({ known }) => (known === 'down') === (state === 'DOWN'))
    this.#act(serverMail('server', server, checker, state))
    const why = state === 'UP' ? 'its checks succeed' : (server.why ?? 'its checks fail')
    this.#act({ kind: 'happened', text: `real server ${server.name} of ${this.name} is ${state}: ${why}` })
  }

  /** It was refused when it should have come into the rules: as by keepalived, each check that succeeds tries it. */
  #addAgain(server: ServerState): void {
    server.isRefused = false
    const { options: service } = this
    if (server.inRules === undefined || this.#isSorry(server.options)) return
    this.#act({ kind: 'add-server', service, server: server.options, weight: server.inRules })
  }

  /** The weight that a server should have in the rules; undefined: it should not be in them. */
  #wanted(server: ServerState): number | undefined {
    const { inhibitOnFailure } = server.options
    if (server.known === 'unknown') return server.inRules
    const isOut = server.known === 'down' || (this.quorum === 'down' && this.options.sorryServer !== undefined)
    if (!isOut) return server.growth.of(server.weight)
    return inhibitOnFailure ? 0 : undefined
  }

  /** Makes the rules say of a server what they should. */
  #place(server: ServerState): void {
    const wanted = this.#wanted(server)
    const { options, inRules } = server
    if (wanted === inRules) return
    const service = this.options
    server.inRules = wanted
    const isSorry = this.#isSorry(options)
    if (isSorry && this.quorum === 'down') return
    if (wanted === undefined) this.#act({ kind: 'remove-server', service, server: options })
    else {
      const kind = inRules === undefined && !isSorry ? 'add-server' : 'edit-server'
      this.#act({ kind, service, server: options, weight: wanted })
    }
  }

  /** A real server may be the sorry server too; in the rules it is one. */
  #isSorry({ address, port }: { address: string; port: number }): boolean {
    const { sorryServer } = this.options
    return this.sorryInRules !== undefined && sorryServer?.address === address && sorryServer.port === port
  }

  placeAll(): void {
    for (const server of this.servers) this.#place(server)
  }

  /** Weights have changed, or all is known: gained or lost? */
  updateQuorum(nowMs: number): void {
    const { quorum, hysteresis } = this.options
    const { weight } = this
    if (this.quorum !== 'up' && weight >= quorum + hysteresis) {
      this.#setQuorum('up', `Gained quorum ${quorum}+${hysteresis}=${quorum + hysteresis} <= ${weight}`, nowMs)
    } else if (this.quorum === 'up' && weight < quorum - hysteresis) {
      this.#setQuorum('down', `Lost quorum ${quorum}-${hysteresis}=${quorum - hysteresis} > ${weight}`, nowMs)
    } else if (this.quorum === 'open') {
      const open = this.servers.filter(({ known }) => known === 'unknown')
      if (open.length === 0) this.#startDown(nowMs)
      else if (this.options.sorryServer && open.every(({ options }) => options.alpha)) this.#startDown(nowMs)
    }
  }

  /** A second after the start: the sorry server is not kept waiting for first checks. */
  settle(nowMs: number): void {
    if (this.quorum === 'open' && this.options.sorryServer) this.#startDown(nowMs)
  }

  #startDown(nowMs: number): void {
    const { quorum, hysteresis } = this.options
    const line = `Starting with quorum down ${quorum}-${hysteresis}=${quorum - hysteresis} > ${this.weight}`
    this.#setQuorum('down', line, nowMs)
  }

  #setQuorum(state: 'up' | 'down', line: string, nowMs: number): void {
    const { quorumUp, quorumDown } = this.options
    const isFirst = this.quorum === 'open'
    this.quorum = state
    this.sinceMs = nowMs
    this.reason = line
    this.#log(`${line} for VS ${this.name}`)
    this.#exchangeSorry()
    const script = state === 'up' ? quorumUp : quorumDown
    if (script) this.#act({ kind: 'script', script })
    const shown = state === 'up' ? 'UP' : 'DOWN'
    this.#act({ kind: 'fifo', line: `VS ${this.name} ${shown}` })
    this.#act(quorumMail(this, shown, line, isFirst))
    if (state === 'down' || !isFirst)
      this.#act({ kind: 'happened', text: `virtual server ${this.name} is ${shown}: ${line}` })
  }

  /** The sorry server comes before the others go, and goes after they have come: the service is never without. */
  #exchangeSorry(): void {
    const sorry = this.options.sorryServer
    if (sorry === undefined) return
    const [on, off] = sorry.isInhibited ? ['Enabling', 'Disabling'] : ['Adding', 'Removing']
    const shown = `sorry server [${sorry.address}]:${this.options.protocol}:${sorry.port}`
    if (this.quorum === 'down') {
      this.#log(`${on} ${shown} to VS ${this.name}`)
      this.#placeSorry(sorry, 1)
      this.#log(`Removing alive servers from the pool for VS ${this.name}`)
      this.placeAll()
      return
    }
    if (this.sorryInRules !== undefined) {
      this.#log(`${off} ${shown} from VS ${this.name}`)
      this.#log(`Adding alive servers to the pool for VS ${this.name}`)
    }
    this.placeAll()
    this.#placeSorry(sorry, sorry.isInhibited ? 0 : undefined)
  }

  #placeSorry(server: SorryServer, weight: number | undefined): void {
    const was = this.sorryInRules
    if (was === weight) return
    const service = this.options
    this.sorryInRules = weight
    const twin = this.servers.find(({ options }) => options.address === server.address && options.port === server.port)
    if (weight === undefined) {
      if (twin?.inRules === undefined) this.#act({ kind: 'remove-server', service, server })
      return
    }
    const isIn = was !== undefined || twin?.inRules !== undefined
    this.#act({ kind: isIn ? 'edit-server' : 'add-server', service, server, weight })
  }

  /** A reload: another sorry server, or none, takes its place. */
  dropSorryUnless(wanted: SorryServer | undefined): void {
    const { sorryServer: sorry, protocol } = this.options
    if (sorry === undefined || isDeepStrictEqual(sorry, wanted)) return
    if (this.sorryInRules === undefined) return
    this.#log(`Removing sorry server [${sorry.address}]:${protocol}:${sorry.port} from VS ${this.name}`)
    this.#placeSorry(sorry, undefined)
  }

  /** A reload: a server is no more. */
  drop(server: ServerState): void {
    this.#log(`Removing service ${server.name} from VS ${this.name}`)
    if (server.inRules !== undefined && !this.#isSorry(server.options))
      this.#act({ kind: 'remove-server', service: this.options, server: server.options })
  }

  /** A reload: its method or its thresholds are others. */
  rewrite(server: ServerState): void {
    const { inRules, options } = server
    if (inRules !== undefined)
      this.#act({ kind: 'edit-server', service: this.options, server: options, weight: inRules })
  }

  /** A reload: the quorum is computed anew. Scripts hear only of what changes. */
  reviewQuorum(nowMs: number): void {
    this.placeAll()
    this.updateQuorum(nowMs)
    const sorry = this.options.sorryServer
    if (this.quorum === 'down' && sorry && this.sorryInRules !== 1) this.#exchangeSorry()
    if (this.quorum === 'up' && sorry?.isInhibited && this.sorryInRules === undefined) this.#placeSorry(sorry, 0)
  }

  /** The end: with omega its scripts run; the rules go unless they are to be left. */
  stop(keepsRules: boolean): void {
    const { omega, quorumDown } = this.options
    for (const server of this.servers) {
      const how = server.known !== 'up' && server.options.inhibitOnFailure ? ' (inhibited)' : ''
      if (!keepsRules) this.#log(`Shutting down${how} service ${server.name} from VS ${this.name}`)
      if (omega && server.known === 'up') this.#notify(server, 'DOWN', server.options.notifyDown)
    }
    if (omega && this.quorum === 'up' && quorumDown) this.#act({ kind: 'script', script: quorumDown })
    if (!keepsRules) this.#act({ kind: 'remove-service', service: this.options })
  }

  #log(line: string): void {
    this.#act({ kind: 'log', line })
  }
}
