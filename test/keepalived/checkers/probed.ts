import { peerOf } from '../../../src/keepalived/checkers/peer.js'
import type { CheckResult } from '../../../src/keepalived/checkers/check-result.js'
import { probeOf } from '../../../src/keepalived/checkers/tcp-check.js'
import type { TcpCheck } from '../../../src/keepalived/config/tree/checker.js'
import { TcpProber } from '../../../src/linux/tcp-prober.js'

/** Does one TCP_CHECK, with a look each few milliseconds. */
export function probed(checker: TcpCheck, server: { address: string; port: number }): Promise<CheckResult> {
  const prober = new TcpProber()
  return new Promise(resolve => {
    const timer = setInterval(() => prober.look(performance.now()), 5)
    const ended = (result: CheckResult): void => {
      clearInterval(timer)
      resolve(result)
    }
    prober.begin(probeOf(checker, peerOf(checker, server), ended), performance.now())
  })
}
