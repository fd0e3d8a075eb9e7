import type { Control } from '../../../control/protocol/api.js'
import { UsageError } from '../../../director/options.js'
import { readConfig, type ReadConfig } from '../../../keepalived/config/read-config.js'
import { formatMessage } from '../../../keepalived/config/report.js'
import type { Checker } from '../../../keepalived/config/tree/checker.js'
import type { KeepalivedConfig } from '../../../keepalived/config/tree/config.js'
import { checkedServices, type CheckedService } from '../../../keepalived/health/checked-service.js'
import { triedRules } from '../../../keepalived/rules/rule-writer.js'
import { whyUnread } from '../keepalived/check-file.js'
import { hostSurroundings } from '../keepalived/host-surroundings.js'
import type { Given } from './director-interfaces.js'
import { refuseVirtual } from './virtual-addresses.js'

/** Which file, and what it is read for. */
export interface ReadBy {
  readonly file: string
  /** Interfaces of the director: for the configuration they are there. */
  readonly interfaces: readonly string[]
  /** The kernel holds the addresses of one of them, so that its sockets reach what is there. */
  readonly hasKernel: boolean
  /** The options that say which of them uvs holds alone, and what it answers for. */
  readonly given: Given
  /** A director without rules that handles no frames. */
  readonly makeTrial: () => Control
}

/** A configuration that can be run, and what was complained of. */
export interface ReadFile {
  readonly config: KeepalivedConfig
  readonly services: readonly CheckedService[]
  readonly complaints: readonly string[]
  /** Those of them that are errors, without their places: a line that moved is the same error. */
  readonly errors: readonly string[]
}

/**
 * Reads a keepalived.conf. What keepalived would complain of and run nevertheless is a complaint here too. UsageError: it cannot be run, or
 * the director would refuse one of its rules.
 */
export async function readKeepalived({ file, interfaces, hasKernel, given, makeTrial }: ReadBy): Promise<ReadFile> {
  // keepalived takes it for an empty one: a file that is gone would take all services with it.
  const why = whyUnread(file)
  if (why !== undefined) throw new UsageError(`--keepalived: '${file}': ${why}`)
  const read: ReadConfig = readConfig(file, hostSurroundings({ interfaces }))
  const complaints = read.messages.map(message => formatMessage(message))
  if (read.config === undefined) throw new UsageError(`--keepalived: ${complaints.at(-1) ?? file}`)
  const services = checkedServices(read.config)
  const asking = services
    .flatMap(({ realServers }) => realServers.flatMap(({ checkers }) => checkers))
    .find(isOfSockets)
  if (!hasKernel && asking)
    throw new UsageError(
      `--keepalived: ${asking.kind} needs an interface whose addresses the kernel holds: ${interfaces.join(', ')} is uvs's alone`,
    )
  refuseVirtual(read.config, given)
  const refused = await triedRules(services, makeTrial())
  if (refused !== undefined) throw new UsageError(`--keepalived: ${file}: ${refused}`)
  const errors = read.messages.filter(({ severity }) => severity === 'error' || severity === 'security')
  return { config: read.config, services, complaints, errors: errors.map(({ text }) => text) }
}

function isOfSockets({ kind }: Checker): boolean {
  return kind !== 'MISC_CHECK' && kind !== 'FILE_CHECK' && kind !== 'BFD_CHECK'
}
