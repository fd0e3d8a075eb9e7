import type { ConfigDraft } from '../draft.js'
import type { Report } from '../report.js'
import type { RunBy } from '../script-line.js'

/** Of one process's scripts, where it comes to them: it has something to do, and its interfaces. */
export function checkSecurity(by: RunBy, drafts: readonly ConfigDraft[], report: Report): void {
  if (drafts.some(({ global }) => global.enableScriptSecurity) || !drafts.some(({ runs }) => runs.has(by))) return
  const insecure = drafts.some(draft => draft.insecure.has(by)) ? ' There are insecure scripts.' : ''
  const text = `SECURITY VIOLATION - ${by}scripts are being executed but script_security not enabled.${insecure}`
  const at = drafts.map(({ runs }) => runs.get(by)).find(place => place !== undefined)
  report.add('security', at, text, 'write enable_script_security in global_defs, and script_user')
}
