import { addressOf } from '../addresses.js'
import { block, bool, number, ofUvs, time, word } from '../arguments.js'
import type { RealServerDraft } from '../draft.js'
import type { LogicalLine } from '../lines/logical-lines.js'
import { portOf } from '../numbers.js'
import type { Keyword, Parser, Table } from '../parser.js'
import { script } from '../script-line.js'
import { timingKeywords } from './check-defaults.js'
import { checkerKeywords } from './checkers.js'
import { methodOf } from './method.js'
import type { OpenRealServer, OpenServer } from './open.js'

const threshold = (
  name: 'uthreshold' | 'lthreshold',
  set: (real: RealServerDraft, value: number) => void,
): Keyword<OpenRealServer> =>
  number({
    least: 0,
    most: 4_294_967_295,
    initial: '0: none',
    bad: text => `Invalid real_server ${name} '${text}' - ignoring`,
    set: ({ real }, value) => set(real, value),
  })

const REAL_SERVER_KEYWORDS: Table<OpenRealServer> = {
  weight: number({
    least: 0,
    most: 2_147_483_647,
    initial: "the virtual server's, 1",
    bad: text => `Real server weight ${text} is outside range 0-2147483647`,
    set: ({ real }, value) => void (real.weight = value),
  }),
  lvs_method: {
    takes: '<NAT|DR|TUN> [type <ipip|gue port N|gre>] [nocsum|csum|remcsum]',
    takesAll: true,
    initial: "the virtual server's",
    read(line, { real }, parser) {
      parser.needed(line)
      const found = methodOf(line.words.slice(1), 'real', parser)
      if (found) real.method = found
    },
  },
  uthreshold: threshold('uthreshold', (real, value) => (real.upperThreshold = value)),
  lthreshold: threshold('lthreshold', (real, value) => (real.lowerThreshold = value)),
  notify_up: script({
    by: 'check ',
    draft: ({ config }) => config,
    has: ({ real }) => real.notifyUp !== undefined,
    set: ({ real }, found) => void (real.notifyUp = found),
  }),
  notify_down: script({
    by: 'check ',
    draft: ({ config }) => config,
    has: ({ real }) => real.notifyDown !== undefined,
    set: ({ real }, found) => void (real.notifyDown = found),
  }),
  smtp_alert: bool({
    initial: 'on where mail is configured',
    bad: text => `Invalid real_server smtp_alert parameter ${text}`,
    set: ({ real }, value) => void (real.smtpAlert = value),
  }),
  virtualhost: word({
    none: 'real server virtualhost missing',
    set: ({ real }, host) => void (real.virtualhost = host),
  }),
  snmp_name: {
    takes: '<NAME>',
    unsupported: 'uvs speaks no SNMP',
    read({ words }, _target, parser) {
      if (words.length !== 2) parser.error('real server snmp_name missing or extra parameters')
    },
  },
  alpha: bool({ bad: text => `Invalid alpha parameter ${text}`, set: ({ real }, value) => void (real.alpha = value) }),
  inhibit_on_failure: bool({
    bad: text => `Invalid inhibit_on_failure parameter ${text}`,
    set: ({ real }, value) => void (real.inhibitOnFailure = value),
  }),
  slow_start: ofUvs(
    time({
      least: 0,
      most: 86_400,
      places: 3,
      initial: '0: all of the weight at once',
      none: 'slow_start needs a time in seconds',
      set: ({ real }, milliseconds) => void (real.slowStartMs = milliseconds),
    }),
  ),
  ...timingKeywords<OpenRealServer>(({ real }) => real, {
    leastRetry: 1,
    bad: (name, text) => {
      if (name === 'retry') return `retry value invalid - ${text}`
      if (name === 'connect_timeout') return `real server connect_timeout ${text} invalid - ignoring`
      return `real server ${name} '${text}' invalid - ignoring`
    },
  }),
  ...checkerKeywords(),
}

export const realServer: Keyword<OpenServer> = block<OpenServer, OpenRealServer>({
  takes: '<ADDRESS> [<PORT>]',
  table: REAL_SERVER_KEYWORDS,
  open: openRealServer,
  orphan: open => ({ ...open, real: { address: '', family: 4, checkers: [] }, hadScripts: true }),
  close({ real, server, config, hadScripts }, _parent, parser) {
    if ((real.method?.kind ?? server.method?.kind) === 'TUN') return
    // Of a mark or a group the first server decides.
    server.family ??= real.family
    if (real.family !== server.family) {
      parser.error(
        `Address family of virtual server and real server ${real.address} don't match - skipping real server.`,
      )
      server.realServers.splice(server.realServers.indexOf(real), 1)
      // Its notifications are not run: they call for no enable_script_security. Those of checks do, as there.
      const hasCheck = real.checkers.some(({ kind }) => kind === 'MISC_CHECK')
      if (!hadScripts && !hasCheck) config.runs.delete('check ')
    }
  },
})

function openRealServer(line: LogicalLine, open: OpenServer, parser: Parser): OpenRealServer | undefined {
  const text = parser.needed(line)
  const [, , portText] = line.words
  const address = addressOf(text.replace(/[/-].*$/, ''))
  const port = portText === undefined ? undefined : portOf(portText, parser)
  if (address === undefined || (portText !== undefined && port === undefined)) {
    const help = 'write real_server ADDRESS PORT {, the port a word of its own'
    parser.error(`Invalid real server ip address/port ${text}/${portText ?? '(null)'} - skipping`, help)
    return undefined
  }
  if (/[/-]/.test(text)) parser.warn(`'${text.replace(/^[^/-]*/, '')}' behind the address is ignored`)
  const real: RealServerDraft = {
    address: address.text,
    family: address.family,
    ...(port && { port }),
    checkers: [],
  }
  open.server.realServers.push(real)
  open.config.heads.set(real, line.place)
  return { ...open, real, hadScripts: open.config.runs.has('check ') }
}
