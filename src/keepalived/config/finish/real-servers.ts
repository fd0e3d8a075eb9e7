import type { ConfigDraft, RealServerDraft, VirtualServerDraft } from '../draft.js'
import type { Report } from '../report.js'
import type { Checker, CheckTiming } from '../tree/checker.js'
import type { CheckDefaults, LvsMethod, RealServer } from '../tree/virtual-server.js'

interface Service {
  readonly name: string
  readonly protocol: string
  readonly method: LvsMethod
}

/** The servers of a service, each once, with ports that its method can do. */
export function finishRealServers(
  draft: VirtualServerDraft,
  service: Service,
  config: ConfigDraft,
  report: Report,
): RealServer[] {
  const found: RealServer[] = []
  for (const real of draft.realServers) {
    const at = config.heads.get(real)
    const error = (text: string, help?: string): void => report.add('error', at, text, help)
    const method = real.method ?? service.method
    const port = portOf(real, method, draft, service, error)
    if (found.some(other => other.address === real.address && other.port === port)) {
      error(
        `VS ${service.name}: real server [${real.address}]:${service.protocol}:${port} is duplicated - removing second rs`,
      )
      continue
    }
    const timing = { ...timingOf(draft), ...timingOf(real) }
    const alpha = real.alpha ?? draft.alpha ?? false
    found.push({
      ...real,
      port,
      method,
      weight: real.weight ?? draft.weight ?? 1,
      upperThreshold: real.upperThreshold ?? 0,
      lowerThreshold: real.lowerThreshold ?? 0,
      alpha,
      inhibitOnFailure: real.inhibitOnFailure ?? draft.inhibitOnFailure ?? false,
      checkers: real.checkers.map(checker => finishChecker(checker, timing, alpha, config)),
    })
  }
  return found
}

/** Packets that are not rewritten arrive at the service's own port. */
function portOf(
  real: RealServerDraft,
  method: LvsMethod,
  { target }: VirtualServerDraft,
  { name, protocol }: Service,
  error: (text: string, help?: string) => void,
): number {
  const own = target.kind === 'address' ? target.port : 0
  if (real.port === undefined) return own
  const shown = `[${real.address}]:${protocol}:${real.port}`
  if (method.kind === 'NAT' || real.port === own) return real.port
  if (target.kind === 'address') {
    error(
      `WARNING - virtual server ${name} and real server ${shown} ports don't match - resetting`,
      `${method.kind} changes no ports; NAT does`,
    )
    return own
  }
  if (target.kind === 'fwmark') {
    error(
      `WARNING - fwmark virtual server ${name}, real server ${shown} has port specified - clearing`,
      `${method.kind} changes no ports`,
    )
    return 0
  }
  return real.port
}

function timingOf(from: CheckDefaults): CheckDefaults {
  const { connectTimeoutMs, retry, delayBeforeRetryMs, warmupMs, delayLoopMs } = from
  return Object.fromEntries(
    Object.entries({ connectTimeoutMs, retry, delayBeforeRetryMs, warmupMs, delayLoopMs }).filter(
      ([, value]) => value !== undefined,
    ),
  )
}

const RETRIES: Record<string, number> = { DNS_CHECK: 3, MISC_CHECK: 0 }
const HTTP_DELAY_MS = 3000

/** What the checker says, else its real server, else its virtual server, else what its kind has. */
function finishChecker(
  checker: Checker,
  defaults: CheckDefaults,
  alpha: boolean,
  { global, trackFiles }: ConfigDraft,
): Checker {
  const { kind } = checker
  if (kind === 'BFD_CHECK') return checker
  if (kind === 'FILE_CHECK')
    return {
      ...checker,
      weight: checker.weight ?? trackFiles.find(({ name }) => name === checker.trackFile)?.weight ?? 1,
    }
  const own = { ...defaults, ...checker } as CheckDefaults & Partial<CheckTiming>
  const delayLoopMs = own.delayLoopMs ?? 60_000
  const usual = kind === 'HTTP_GET' || kind === 'SSL_GET' ? HTTP_DELAY_MS : kind === 'DNS_CHECK' ? delayLoopMs : 1000
  return {
    ...checker,
    alpha: own.alpha ?? alpha,
    retry: own.retry ?? RETRIES[kind] ?? 1,
    delayBeforeRetryMs: own.delayBeforeRetryMs ?? usual,
    warmupMs: own.warmupMs ?? delayLoopMs,
    delayLoopMs,
    connectTimeoutMs: own.connectTimeoutMs ?? 5000,
    logAllFailures: own.logAllFailures ?? global.checkerLogAllFailures,
  }
}
