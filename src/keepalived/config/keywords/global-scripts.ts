import { flag, number } from '../arguments.js'
import type { ConfigDraft } from '../draft.js'
import type { Keyword, Table } from '../parser.js'
import { hasDefaultUser, isUser, script } from '../script-line.js'
import type { Fifo, GlobalDefs } from '../tree/global.js'

const draft = (config: ConfigDraft): ConfigDraft => config

function fifo(name: string, put: (global: GlobalDefs, fifo: Fifo) => void): Keyword<ConfigDraft> {
  return {
    takes: '<PATH> [<USER>] [<GROUP>]',
    read({ words: [, path, user, group] }, config, parser) {
      if (path === undefined) parser.error(`No ${name} name specified`)
      else {
        hasDefaultUser(user, config, parser)
        put(config.global, { path, ...(user !== undefined && { user }), ...(group !== undefined && { group }) })
      }
    },
  }
}

function globalScript(
  name: string,
  by: '' | 'check ' | 'start/shutdown ',
  put: Parameters<typeof script<ConfigDraft>>[0]['set'],
): Keyword<ConfigDraft> {
  return script<ConfigDraft>({
    by,
    none: name.includes(' ') ? `${name} missing` : `No ${name} specified`,
    ...(name.includes(' ') && { invalid: `Invalid ${name}` }),
    draft,
    set: put,
  })
}

function scriptTimeout(name: string, put: (global: GlobalDefs, ms: number) => void): Keyword<ConfigDraft> {
  return number({
    least: 1,
    most: 1000,
    initial: '10 s',
    none: `${name} requires value`,
    bad: w => `${name} '${w}' must be in [1, 1000] - ignoring`,
    set: ({ global }, value) => put(global, value * 1000),
  })
}

/** Who runs scripts, what is told by FIFO, and what runs before and after all. */
export const SCRIPT_KEYWORDS: Table<ConfigDraft> = {
  script_user: {
    takes: '<USER> [<GROUP>]',
    initial: 'keepalived_script if there is one, else root',
    read({ words: [, user, group] }, config, parser) {
      const { global, hasNoScriptUser } = config
      if (user === undefined) parser.error('No script username specified')
      else if (hasNoScriptUser || !isUser(user, group, parser)) {
        const help = hasNoScriptUser ? 'the one above failed, and holds' : 'there is no such user or group'
        parser.error('Error setting global script uid/gid', help)
        config.hasNoScriptUser = true
      } else Object.assign(global, { scriptUser: user, ...(group !== undefined && { scriptGroup: group }) })
    },
  },
  enable_script_security: flag(({ global }) => void (global.enableScriptSecurity = true)),
  notify_fifo: fifo('notify_fifo', (global, found) => (global.notifyFifo = found)),
  vrrp_notify_fifo: fifo('vrrp_notify_fifo', (global, found) => (global.vrrpNotifyFifo = found)),
  lvs_notify_fifo: fifo('lvs_notify_fifo', (global, found) => (global.lvsNotifyFifo = found)),
  notify_fifo_script: globalScript('notify_fifo_script', '', ({ global }, found) => (global.notifyFifoScript = found)),
  vrrp_notify_fifo_script: globalScript(
    'vrrp_notify_fifo_script',
    '',
    ({ global }, found) => (global.vrrpNotifyFifoScript = found),
  ),
  lvs_notify_fifo_script: globalScript(
    'lvs_notify_fifo_script',
    'check ',
    ({ global }, found) => (global.lvsNotifyFifoScript = found),
  ),
  fifo_write_vrrp_states_on_reload: flag(({ global }) => void (global.fifoWriteVrrpStatesOnReload = true)),
  startup_script: globalScript(
    'startup script',
    'start/shutdown ',
    ({ global }, found) => (global.startupScript = found),
  ),
  shutdown_script: globalScript(
    'shutdown script',
    'start/shutdown ',
    ({ global }, found) => (global.shutdownScript = found),
  ),
  startup_script_timeout: scriptTimeout('startup_script_timeout', (global, ms) => (global.startupScriptTimeoutMs = ms)),
  shutdown_script_timeout: scriptTimeout(
    'shutdown_script_timeout',
    (global, ms) => (global.shutdownScriptTimeoutMs = ms),
  ),
}
