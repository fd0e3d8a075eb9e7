import type { ConfigDraft } from '../draft.js'
import type { Parser } from '../parser.js'
import { isRefused, stateOf, unsafe } from '../script-line.js'

const FIFO_SCRIPTS = ['notifyFifoScript', 'vrrpNotifyFifoScript', 'lvsNotifyFifoScript'] as const

/** After global_defs: who runs scripts where nobody says it, and those of FIFOs that an enable_script_security further down forbids. */
export function settleScripts(config: ConfigDraft, parser: Parser): void {
  const { global } = config
  for (const key of FIFO_SCRIPTS) {
    const script = global[key]
    if (script === undefined || stateOf(script, parser) !== 'insecure' || !isRefused(script.user, config, parser))
      continue
    delete global[key]
    parser.report.add('warning', config.heads.get(script), ...unsafe(script))
  }
  if (global.scriptUser === undefined && parser.surroundings.hasUser('keepalived_script'))
    global.scriptUser = 'keepalived_script'
}
