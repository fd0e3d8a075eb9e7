import { keyOf, type Control, type ServiceInfo, type ServiceKey } from '../../../control/protocol/api.js'
import { OverviewReader } from '../../../control/dashboard/live/overview.js'
import { ServiceIndex } from '../../../control/dashboard/live/service-index.js'
import { COLUMNS } from '../../../control/dashboard/live/view.js'
import { connectControl, isDenied } from '../../../control/socket/client.js'
import { UsageError } from '../../../director/usage-error.js'
import { messageOf } from '../../../linux/error-text.js'
import { CONTROL, defaultControl, print } from '../../command.js'
import { pipeScreen, terminalScreen } from '../../uvsadm/listing/screen.js'
import { titleOf, watch } from '../../uvsadm/listing/watch.js'
import { WATCH_LEAST, WATCH_MOST } from '../../watch-limits.js'
import type { UvsCommand } from '../command.js'
import { readOptions } from '../options/read-options.js'
import { topText } from './top-text.js'

/** By what the key s sorts, one after the other. */
const SORTS = ['cps', 'active', 'conns', 'inPps', 'outBps', 'service']
/** Of lines that are no services. */
const HEAD_LINES = 8
/** With --once. */
const SERVICES_ONCE = 20

export const top: UvsCommand = {
  name: 'top',
  help: `Shows the director and its busiest services, again and again until q.
The first lines are all of it: connections, packets, what the kernel forwards by itself, health, drops. Then services with
their real servers; the bar is what share of the service's new connections each gets. Keys: s sorts by another column,
q ends. WORD: services that have it in their address, port, protocol or scheduler.`,
  forms: [
    {
      words: [{ value: 'WORD', optional: true, repeatable: true }],
      options: [
        {
          flags: ['--every'],
          value: 'SECONDS',
          help: `between two looks; 1 unless given, ${WATCH_LEAST} to ${WATCH_MOST}`,
        },
        { flags: ['--sort'], value: 'COLUMN', help: `${Object.keys(COLUMNS).join(', ')}; cps unless given` },
        { flags: ['--once'], help: `once, at most ${SERVICES_ONCE} services, and no more` },
        CONTROL,
      ],
    },
  ],
  async run(args) {
    const given = readOptions(top, args)
    const seconds = everyOf(given.one('--every') ?? '1')
    const first = given.one('--sort') ?? 'cps'
    if (!Object.hasOwn(COLUMNS, first))
      throw new UsageError(`--sort '${first}': one of ${Object.keys(COLUMNS).join(', ')}`)
    const control = connectControl(given.one('--control') ?? defaultControl())
    const look = new Look(
      control,
      given.words.map(word => word.toLowerCase()),
      first,
    )
    try {
      if (given.has('--once')) return print({ status: 0, out: await look.read(SERVICES_ONCE), err: '' })
      const title = titleOf(seconds, 'uvs top')
      const key = (typed: string): void => {
        if (!typed.includes('s')) return
        look.sort = SORTS[(SORTS.indexOf(look.sort) + 1) % SORTS.length]!
        screen.wake()
      }
      const screen = process.stdout.isTTY ? terminalScreen(title, key) : pipeScreen(title)
      const list = (lines: number): Promise<string> => look.read(Math.min(lines - HEAD_LINES, SERVICES_ONCE * 10))
      return await watch(
        seconds,
        lines => list(lines).then(shown, error => (isDenied(error) ? Promise.reject(error as Error) : failed(error))),
        screen,
      )
    } finally {
      control.close()
    }
  },
}

const shown = (out: string) => ({ status: 0, out, err: '' })
const failed = (error: unknown) => ({ status: 1, out: '', err: `uvs top: ${messageOf(error)}\n` })

function everyOf(text: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN
  if (seconds >= WATCH_LEAST && seconds <= WATCH_MOST) return seconds
  throw new UsageError(`--every '${text}': ${WATCH_LEAST} to ${WATCH_MOST} seconds`)
}

/** Counts are of as long as lies between two looks. */
const NEVER_OLD = Infinity
/** A dashboard knows of these; a terminal does not. */
const NOTHING_TOLD = { drains: { shown: () => [] }, events: { all: [] } }

/** Reads the director for each screen, as the dashboard does for each tick. */
export class Look {
  sort: string
  readonly #control: Control
  readonly #words: readonly string[]
  #overview: OverviewReader
  #index: ServiceIndex

  constructor(control: Control, words: readonly string[], sort: string) {
    this.#control = control
    this.#words = words
    this.sort = sort
    this.#overview = new OverviewReader(control, 0, NOTHING_TOLD, NEVER_OLD)
    this.#index = new ServiceIndex(control)
  }

  /** With so many services at most. Rejects with the director's refusal. */
  async read(services: number): Promise<string> {
    try {
      return await this.#read(Math.max(0, services))
    } catch (error) {
      // The next director may be another one, with other services and options.
      this.#overview = new OverviewReader(this.#control, 0, NOTHING_TOLD, NEVER_OLD)
      this.#index = new ServiceIndex(this.#control)
      throw error
    }
  }

  async #read(services: number): Promise<string> {
    const [overview, chosen] = await Promise.all([
      this.#overview.read(),
      this.#index.choose({
        name: this.sort,
        first: 0,
        count: services,
        sort: COLUMNS[this.sort]!,
        isDescending: this.sort !== 'service' && this.sort !== 'scheduler',
        words: this.#words,
      }),
    ])
    const rows = await Promise.all(chosen.rows.map(service => this.#row(service)))
    return topText({ ...overview, sort: this.sort, services: chosen.matched, rows, sums: chosen.rows })
  }

  /** Its first real servers; undefined: it has been deleted. */
  async #row(of: ServiceKey): Promise<ServiceInfo | undefined> {
    const reply = await this.#control.call<'services'>({ op: 'services', service: keyOf(of) })
    return reply.ok ? reply.value.rows[0] : undefined
  }
}
