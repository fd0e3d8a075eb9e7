import { statSync } from 'node:fs'
import type { Answer, Committed, ServiceInfo } from '../../../control/protocol/api.js'
import { localControl } from '../../../control/operations/execute.js'
import type { RulesLoads } from '../../../control/metrics/rules-loads.js'
import { Transactions } from '../../../control/rules/transactions.js'
import type { Director } from '../../../director/director.js'
import { UsageError } from '../../../director/options.js'
import { summary } from '../rules/format-plan.js'
import { parsedRules } from '../rules/parsed-rules.js'
import { stageRules } from '../rules/rules-transaction.js'
import { messageOf } from '../../../linux/error-text.js'

/** Reads the services from the file of --rules. UsageError for the first invalid line; needs no running director. */
export async function readDesired(file: string, makeTrial: () => Director): Promise<ServiceInfo[]> {
  const client = new Transactions(localControl(makeTrial()), makeTrial).client()
  try {
    await stageRules(client, parsedRules(file))
    return must(await client.staged())
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`--rules: ${error.message}`)
    throw error
  } finally {
    client.close()
  }
}

/** Throws an Error of one line if it is refused: then nothing has changed. */
export async function commitDesired(director: Transactions, desired: ServiceInfo[]): Promise<Committed> {
  return must(await director.commit(() => Promise.resolve({ ok: true, value: desired })))
}

export interface ReloadOf {
  file: string | undefined
  /** Has rules of its own in place of `file`. */
  other?: { reload(): Promise<string> } | undefined
  makeTrial: () => Director
  director: Transactions
  loads: RulesLoads
  /** Called before each reading, and after it with its result as a line. */
  begin(): void
  tell(line: string): void
}

/** Reloads the file on request, and once more if requested meanwhile. */
export class RulesReload {
  readonly #of: ReloadOf
  #running = false
  #again = false

  constructor(of: ReloadOf) {
    this.#of = of
  }

  async ask(): Promise<void> {
    this.#again = true
    if (this.#running) return
    this.#running = true
    while (this.#again) {
      this.#again = false
      this.#of.begin()
      this.#of.tell(await this.#reload())
    }
    this.#running = false
  }

  /** Returns the result as a line. */
  async #reload(): Promise<string> {
    const { file, other, makeTrial, director, loads } = this.#of
    if (other) return `SIGHUP: ${await other.reload()}`
    if (file === undefined) return 'SIGHUP: there is no --rules or --keepalived FILE, and no --etcd, to read again'
    try {
      if (!statSync(file).isFile()) throw new UsageError(`--rules: ${file} is no regular file: it cannot be read again`)
      const committed = await commitDesired(director, await readDesired(file, makeTrial))
      loads.record(true, Date.now() / 1000)
      return `SIGHUP: ${file}: ${summary(committed)}`
    } catch (error) {
      loads.record(false, Date.now() / 1000)
      return `SIGHUP: nothing has changed: ${messageOf(error)}`
    }
  }
}

function must<T>(reply: Answer<T>): T {
  if (reply.ok) return reply.value
  throw new Error(`--rules: ${reply.message}`)
}
