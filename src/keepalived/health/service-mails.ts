import type { Action } from './action.js'
import { mailLine } from './check-lines.js'
import type { CheckerState } from './checker-state.js'
import type { ServerState } from './server-state.js'

type Mail = Action & { readonly kind: 'mail' }

/** Of a server that has come or gone, or of one of its checkers alone. Without a checker a tracked file has spoken. */
export function serverMail(
  of: 'server' | 'checker',
  { name, options: { smtpAlert }, service }: ServerState,
  spoken: CheckerState | undefined,
  state: 'UP' | 'DOWN',
): Mail {
  const isUp = spoken ? spoken.known === 'up' : state === 'UP'
  return {
    kind: 'mail',
    of,
    ...(smtpAlert !== undefined && { isWanted: smtpAlert }),
    subject: `Realserver ${name} of virtual server ${service.name} - ${state}`,
    body: `=> ${mailLine(spoken?.checker.kind, isUp, spoken?.why)} <=`,
  }
}

/** Of a quorum that was lost or gained; `line` is that of the log. The first time it was there from the start. */
export function quorumMail(
  { name, options: { smtpAlert } }: ServerState['service'],
  state: 'UP' | 'DOWN',
  line: string,
  isFirst: boolean,
): Mail {
  return {
    kind: 'mail',
    of: 'service',
    ...(smtpAlert !== undefined && { isWanted: smtpAlert }),
    subject: `Virtualserver ${name} - ${state}`,
    body: `=> ${isFirst ? line.replace('Gained quorum', 'Starting with quorum up') : line} <=`,
  }
}
