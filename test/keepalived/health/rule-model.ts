import type { Change } from '../../../src/keepalived/health/action.js'
import type { RealServer, SorryServer } from '../../../src/keepalived/config/tree/virtual-server.js'
import type { CheckedService } from '../../../src/keepalived/health/checked-service.js'

interface ServiceRule {
  service: CheckedService
  /** The last added is the first, as IPVS has them. */
  servers: { server: RealServer | SorryServer; weight: number }[]
}

/** What a table of rules would be after some changes. Throws where IPVS would refuse one. */
export class RuleModel {
  readonly #services = new Map<string, ServiceRule>()

  apply(change: Change): void {
    const { name } = change.service
    if (change.kind === 'add-service') {
      if (this.#services.has(name)) throw new Error(`${name} is there`)
      this.#services.set(name, { service: change.service, servers: [] })
      return
    }
    const rule = this.#services.get(name)
    if (rule === undefined) throw new Error(`${name} is not there`)
    if (change.kind === 'edit-service') rule.service = change.service
    else if (change.kind === 'remove-service') this.#services.delete(name)
    else this.#applyServer(rule, change)
  }

  #applyServer({ servers }: ServiceRule, change: Extract<Change, { server: object }>): void {
    const { address, port } = change.server
    const at = servers.findIndex(({ server }) => server.address === address && server.port === port)
    if (at < 0 !== (change.kind === 'add-server')) throw new Error(`${change.kind} ${address}:${port}: ${at}`)
    if (change.kind === 'remove-server') servers.splice(at, 1)
    else if (change.kind === 'edit-server') servers[at] = { server: change.server, weight: change.weight }
    else servers.unshift({ server: change.server, weight: change.weight })
  }

  /** Each service in a line: its servers as `address:port=weight`, sorted. */
  saved(): string {
    return [...this.#services.values()]
      .map(({ service, servers }) => {
        const shown = servers.map(({ server, weight }) => `${server.address}:${server.port}=${weight}`).sort()
        return [service.name, ...shown].join(' ')
      })
      .join('\n')
  }

  /** Servers of a service in IPVS' order. */
  order(name: string): string[] {
    return this.#services.get(name)?.servers.map(({ server }) => `${server.address}:${server.port}`) ?? []
  }
}
