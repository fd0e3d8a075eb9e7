import type { Given } from '../../../control/dashboard/settings.js'
import type { Reply, Request } from '../../../control/protocol/api.js'
import { withoutSecrets } from '../../../keepalived/seen/without-secrets.js'
import type { DirectorCommand } from './director-options.js'
import type { ReadFile } from './read-keepalived.js'

/** Changes since the start that are kept; complaints of a file that are shown. */
const MOST_CHANGES = 50
const MOST_WARNINGS = 200

export type SettingsRead = Pick<ReadFile, 'files' | 'complaints'>

export interface SettingsOf {
  /** The arguments. None may hold a secret: options name files of passwords. */
  readonly args: readonly string[]
  readonly command: DirectorCommand
  readonly devices: readonly { name: string; mac: string; mtu: number }[]
  /** The keepalived.conf that runs, if one does. */
  readonly keepalived: () => SettingsRead | undefined
}

/** What the Settings page shows of a director beside what its control socket says. */
export class DirectorSettings {
  readonly #of: SettingsOf
  readonly #changes: readonly string[]

  constructor(of: SettingsOf, changes: readonly string[]) {
    this.#of = of
    this.#changes = changes
  }

  given(): Given {
    const { args, command, devices } = this.#of
    const { addresses, routes = [], neighbours = [], vips = [] } = command.director
    const read = this.#of.keepalived()
    return {
      options: optionLines(args),
      interfaces: command.devices.map((device, at) => ({
        name: device.name,
        kind: device.kind,
        isBesideKernel: isBeside(device),
        mac: devices[at]?.mac ?? '',
        mtu: devices[at]?.mtu ?? 0,
      })),
      addresses: [...addresses, ...vips],
      routes: [...routes],
      neighbours: [...neighbours],
      changes: [...this.#changes],
      ...(read && { keepalived: shown(read) }),
    }
  }
}

/** What was done by the control socket to what the options give, a line each. */
export class SettingsChanges {
  readonly lines: string[] = []

  saw(request: Request, reply: Reply): void {
    if (!reply.ok || !OPERATIONS.includes(request.op)) return
    const { op, ...fields } = request
    const values = Object.entries(fields).map(
      ([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`,
    )
    this.lines.push([op, ...values].join(' '))
    if (this.lines.length > MOST_CHANGES) this.lines.shift()
  }
}
const OPERATIONS: readonly string[] = ['add-route', 'delete-route', 'add-vip', 'delete-vip', 'add-mark', 'clear-marks']

function isBeside(device: DirectorCommand['devices'][number]): boolean {
  return device.kind === 'raw' && device.isBeside === true
}

/** `--raw eth0,eth1`, an option a line, quoted for a shell where it must be. */
export function optionLines(args: readonly string[]): string[] {
  const lines: string[] = []
  for (const arg of args) {
    const text = /^[\w./:@=,+%-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", String.raw`'\''`)}'`
    if (arg.startsWith('-') || lines.length === 0) lines.push(text)
    else lines.push(`${lines.pop()} ${text}`)
  }
  return lines
}

function shown({ files, complaints }: SettingsRead): NonNullable<Given['keepalived']> {
  const { texts, warnings } = withoutSecrets(
    files.map(({ text }) => text),
    complaints.slice(0, MOST_WARNINGS).map(({ line }) => line),
  )
  return { files: files.map(({ name }, at) => ({ name, text: texts[at]! })), warnings }
}
