import type { Committed } from '../../../control/protocol/api.js'
import type { Transactions } from '../../../control/rules/transactions.js'
import type { CheckedService } from '../../../keepalived/health/checked-service.js'
import type { CheckerSettings, HealthChecker } from '../../../keepalived/health/health-checker.js'
import { changeRequests, type Gate } from '../../../keepalived/rules/change-requests.js'
import type { RuleWriter } from '../../../keepalived/rules/rule-writer.js'

/** What a reload changes. `writer` sends through `gate`, to `director`. */
export interface ReloadParts {
  readonly director: Pick<Transactions, 'changeAll'>
  readonly checker: HealthChecker
  readonly writer: RuleWriter
  readonly gate: Gate
}

export interface Reload {
  readonly services: readonly CheckedService[]
  readonly settings: CheckerSettings
  /** From here on tracked files, addresses and the like are those of the new configuration. */
  begin(): void | Promise<void>
  /** The rules are changed: what else changes with them, such as virtual routers. If it throws, the rules are changed back. */
  follow(): void
  /** Undoes `begin`. */
  undo(): void | Promise<void>
}

/** What was changed, and why some of it was left out, a line each. */
export type Reloaded = Committed & { left: readonly string[] }

/**
 * Reloads all of it or nothing. What changes in the rules is found out on a copy first, and carried out as a whole, however much it is;
 * only then the checks change. What they find out meanwhile waits. Throws the director's refusal: then all is as it was.
 */
export async function reloadWhole(
  { director, checker, writer, gate }: ReloadParts,
  { services, settings, begin, follow, undo }: Reload,
): Promise<Reloaded> {
  checker.hold()
  try {
    await writer.written()
    await begin()
    const { before, changes } = checker.rehearse(services)
    const reply = await director.changeAll(await changeRequests(before, changes), follow)
    if (!reply.ok) throw new Error(reply.message)
    gate.isShut = true
    checker.reload(services, settings)
    await writer.written()
    return reply.value
  } catch (error) {
    await undo()
    throw error
  } finally {
    gate.isShut = false
    checker.release()
  }
}
