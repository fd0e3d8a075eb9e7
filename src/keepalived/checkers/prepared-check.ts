import type { TcpProber } from '../../linux/tcp-prober.js'
import type { MiscCheck, PortChecker, Url } from '../config/tree/checker.js'
import type { CheckResult } from './check-result.js'
import { peerOf } from './peer.js'
import { runCheck, type CheckSurroundings } from './run-check.js'
import { probeOf } from './tcp-check.js'

/** A check that is done again and again, one at a time. */
export interface PreparedCheck {
  /** Begins one; its result is told later. `url`: of HTTP_GET and SSL_GET, whose turn it is. */
  begin(nowMs: number, url?: Url): void
  /** Ends one that may run, without a result; no other is begun. */
  giveUp(): void
}

/** TCP_CHECKs are the prober's, for whom somebody looks; others have sockets and timers of their own. */
export function prepareCheck(
  checker: PortChecker | MiscCheck,
  around: CheckSurroundings,
  prober: TcpProber,
  ended: (result: CheckResult) => void,
): PreparedCheck {
  if (checker.kind === 'TCP_CHECK') {
    const probe = probeOf(checker, peerOf(checker, around.server), ended)
    return { begin: nowMs => prober.begin(probe, nowMs), giveUp: () => prober.giveUp(probe) }
  }
  const abort = new AbortController()
  const { signal } = abort
  return {
    begin(_nowMs, url) {
      void runCheck(checker, url ? { ...around, url } : around, signal).then(result => {
        if (!signal.aborted) ended(result)
      })
    },
    giveUp: () => abort.abort(),
  }
}
