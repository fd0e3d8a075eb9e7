import { TokenFile } from '../../../control/dashboard/admin/token-file.js'
import { Dashboard } from '../../../control/dashboard/dashboard.js'
import { serveHttp } from '../../../control/metrics/http.js'
import { Metrics } from '../../../control/metrics/metrics.js'
import { RequestCounts } from '../../../control/metrics/request-counts.js'
import type { RulesLoads } from '../../../control/metrics/rules-loads.js'
import type { Control, Reply, Request } from '../../../control/protocol/api.js'
import type { Transactions } from '../../../control/rules/transactions.js'
import type { Director } from '../../../director/director.js'
import type { DataPlane } from '../../../plane/data-plane.js'
import { dashboardCommands } from './dashboard-commands.js'
import type { HttpOptions } from './http-options.js'

interface Served {
  dataPlane: DataPlane
  /** What transactions change. */
  control: Transactions
  /** What is read. */
  all: Control
  makeTrial: () => Director
  rules: RulesLoads
  workers: number
}

/** What a director serves by --http, and what it is told for that from its start. */
export class DirectorHttp {
  readonly #requests = new RequestCounts()
  readonly #http: HttpOptions | undefined
  readonly #tell: (line: string) => void
  readonly #tokens: TokenFile | undefined
  #site: Dashboard | undefined

  /** Throws an Error of one line if the file of --http-admin is not fit. */
  constructor(http: HttpOptions | undefined, tell: (line: string) => void) {
    this.#http = http
    this.#tell = tell
    this.#tokens = http?.admin === undefined ? undefined : new TokenFile(http.admin, tell)
  }

  /** Told of each request of the control socket. */
  readonly answered = (request: Request, reply: Reply): void => {
    this.#requests.add(request, reply)
    this.#site?.saw(request, reply)
  }

  /** Serves until what it returns is closed. Throws an Error of one line if it cannot. */
  async serve({ dataPlane, control, all, makeTrial, rules, workers }: Served): Promise<{ close(): Promise<void> }[]> {
    const [http, tell, tokens] = [this.#http, this.#tell, this.#tokens]
    if (!http) return []
    const admin = { director: control, makeTrial, commands: dashboardCommands(), tokens, tell }
    const site = new Dashboard({ control: all, names: http.names, workers, admin })
    this.#site = site
    const metrics = new Metrics({ control: all, requests: this.#requests, rules, threads: dataPlane.threads })
    return [await serveHttp(http, dataPlane, metrics, {}, site)]
  }
}
