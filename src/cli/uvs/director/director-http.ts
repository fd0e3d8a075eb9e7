import { TokenFile } from '../../../control/dashboard/admin/token-file.js'
import { Dashboard } from '../../../control/dashboard/dashboard.js'
import type { FleetShown } from '../../../control/dashboard/fleet.js'
import type { Given } from '../../../control/dashboard/settings.js'
import { serveHttp } from '../../../control/metrics/http.js'
import type { EtcdFigures } from '../../../control/metrics/fleet-metrics.js'
import { Metrics } from '../../../control/metrics/metrics.js'
import { RequestCounts } from '../../../control/metrics/request-counts.js'
import type { RulesLoads } from '../../../control/metrics/rules-loads.js'
import type { Control, Reply, Request, RulesHolder } from '../../../control/protocol/api.js'
import type { Transactions } from '../../../control/rules/transactions.js'
import type { DataPlane } from '../../../plane/data-plane.js'
import { dashboardCommands } from './dashboard-commands.js'
import { DashboardLogins, dashboardUrl } from './dashboard-login.js'
import { DirectorSettings, SettingsChanges, type SettingsRead } from './director-settings.js'
import type { DirectorCommand } from './director-options.js'
import type { HttpOptions } from './http-options.js'
import { SeenMarks } from './rules-work/seen-marks.js'
import { ThreadedDesk } from './rules-work/threaded-desk.js'

interface Served {
  dataPlane: DataPlane
  /** What transactions change. */
  control: Transactions
  /** What is read. */
  all: Control
  rules: RulesLoads
  holder: RulesHolder | undefined
  args: readonly string[]
  command: DirectorCommand
}

/** What a director with --etcd has to show. */
interface FleetOfDirector {
  fleet(): Promise<FleetShown>
  readonly figures: EtcdFigures
}

/** What a director serves by --http, and what it is told for that from its start. */
export class DirectorHttp {
  readonly #requests = new RequestCounts()
  readonly #http: HttpOptions | undefined
  readonly #tell: (line: string) => void
  readonly #tokens: TokenFile | undefined
  readonly #changes = new SettingsChanges()
  #logins: DashboardLogins | undefined
  #keepalived: { readonly read: SettingsRead } | undefined
  #marks: SeenMarks | undefined
  #fleet: FleetOfDirector | undefined
  #site: Dashboard | undefined

  /** Throws an Error of one line if the file of --http-admin is not fit. */
  constructor(http: HttpOptions | undefined, tell: (line: string) => void) {
    this.#http = http
    this.#tell = tell
    this.#tokens = http?.tokens === undefined ? undefined : new TokenFile(http.tokens, tell)
  }

  /** Told of each request of the control socket. */
  readonly answered = (request: Request, reply: Reply): void => {
    this.#requests.add(request, reply)
    this.#changes.saw(request, reply)
    this.#marks?.saw(request, reply)
    this.#site?.saw(request, reply)
  }

  /** Told of what a keepalived.conf's checks and virtual routers came to. */
  readonly happened = (kind: 'vrrp' | 'health', text: string): void => this.#site?.happened(kind, text)

  /** What the control socket's clients ask: also for a login, if that is how one logs in. */
  async over(control: Transactions): Promise<Transactions | ReturnType<DashboardLogins['over']>> {
    if (!this.#http?.hasSocketLogin) return control
    this.#logins = new DashboardLogins(await import('../../../linux/socket-peer.js'))
    return this.#logins.over(control)
  }

  /** The keepalived.conf that runs from now on. */
  show(keepalived: { readonly read: SettingsRead }): void {
    this.#keepalived = keepalived
  }

  /** The fleet that the director is in from now on. */
  showFleet(of: FleetOfDirector): void {
    this.#fleet = of
  }

  /** Serves until what it returns is closed. Throws an Error of one line if it cannot. */
  async serve(served: Served): Promise<{ close(): Promise<void> }[]> {
    const { dataPlane, control, all, rules, command, args, holder } = served
    const [http, tell, tokens] = [this.#http, this.#tell, this.#tokens]
    if (!http) return []
    const ways = { tokens, codes: this.#logins?.codes }
    const marks = (this.#marks = new SeenMarks(command.marks))
    const areAnnounced = command.announce !== undefined
    const work = new ThreadedDesk({ ...command, areAnnounced, ...(holder && { holder }) }, all, () => marks.all)
    const admin = { director: control, work, commands: dashboardCommands(), ways, tell }
    const { devices } = dataPlane
    const keepalived = (): SettingsRead | undefined => this.#keepalived?.read
    const settings = new DirectorSettings({ args, command, devices, keepalived }, this.#changes.lines)
    const given = (): Given => settings.given()
    const fleet = (): Promise<FleetShown> | undefined => this.#fleet?.fleet()
    const { names } = http
    const site = new Dashboard({ control: all, names, workers: command.workers, admin, given, fleet })
    this.#site = site
    const etcd = (): EtcdFigures | undefined => this.#fleet?.figures
    const metrics = new Metrics({ control: all, requests: this.#requests, rules, threads: dataPlane.threads, etcd })
    const server = await serveHttp(http, dataPlane, metrics, {}, site)
    this.#logins?.servedAt(dashboardUrl(http.host, server.port))
    return [server]
  }
}
