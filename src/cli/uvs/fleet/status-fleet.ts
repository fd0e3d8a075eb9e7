import type { Outcome } from '../../../control/protocol/api.js'
import { printable } from '../../../control/protocol/printable.js'
import { EtcdError } from '../../../etcd/etcd-error.js'
import { isPassing } from '../../../fleet/write/careful-write.js'
import { DRAINED_DIRECTORS, newestOf, type FleetStore } from '../../../fleet/write/fleet-store.js'
import { keyShown } from '../../../fleet/write/raced.js'
import { noteFields, noteWords, readNote, type WriteNote } from '../../../fleet/write/write-note.js'
import { jsonDocument } from '../../json.js'
import type { Given } from '../options/read-options.js'
import type { DirectorState } from '../../../fleet/publish/director-state.js'
import { type PublishedDirector, publishedDirectors } from './directors.js'
import { numberOf, secondsOf } from './fleet-options.js'
import type { FleetSession } from './fleet-session.js'

/** The fleet as etcd has it. */
export interface FleetStatus {
  /** Of the last write of rules. */
  readonly revision: number
  readonly note: WriteNote | undefined
  readonly directors: readonly PublishedDirector[]
  /** Names of those that are to be drained. */
  readonly drained: readonly string[]
  /** What is not well, a line each. */
  readonly faults: readonly string[]
}

const LOOK_EVERY_MS = 500
/** How long the last look of --wait may take. */
const LAST_LOOK_MS = 1000
const EXPECTED_MAX = 100_000

/**
 * `uvs fleet status`: status 1 if something is not well, and still not after --wait. EtcdError if etcd does not answer, with --wait at its
 * end: an etcd without a leader for a moment ends no waiting.
 */
export async function statusFleet(given: Given, { store, world }: FleetSession): Promise<Outcome> {
  const expected = numberOf(given, '--expect', EXPECTED_MAX) ?? 1
  const waitMs = secondsOf(given, '--wait') * 1000
  const until = world.now() + waitMs
  const left = (): number => until - world.now()
  for (;;) {
    const look = fleetStatus(store, expected)
    const found = await (waitMs > 0 ? within(look, left()) : look).catch((error: unknown) => {
      if (left() <= 0 || !isPassing(error)) throw error
    })
    if (found && (found.faults.length === 0 || left() <= 0)) {
      const out = given.has('--json') ? jsonDocument('fleetStatus', documentOf(found)) : statusText(found)
      return { status: found.faults.length > 0 ? 1 : 0, out, err: '' }
    }
    await world.wait(Math.max(0, Math.min(LOOK_EVERY_MS, left())))
  }
}

/** An etcd that hangs is not waited for much longer than was asked for. EtcdError. */
async function within(look: Promise<FleetStatus>, leftMs: number): Promise<FleetStatus> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const why = new EtcdError('unreachable', 'etcd has not answered within --wait')
    timer = setTimeout(() => reject(why), Math.max(leftMs, LAST_LOOK_MS))
  })
  try {
    return await Promise.race([look, late])
  } finally {
    clearTimeout(timer)
  }
}

async function fleetStatus(store: FleetStore, expected: number): Promise<FleetStatus> {
  const snapshot = await store.readKeys()
  const { note } = snapshot
  const marks = await store.list(DRAINED_DIRECTORS)
  return judge(
    {
      revision: newestOf(snapshot),
      note: note && readNote(note.value),
      directors: await publishedDirectors(store),
      drained: marks.map(({ key }) => keyShown(key.slice(DRAINED_DIRECTORS.length))),
    },
    expected,
  )
}

/** Finds what is not well. `expected`: how many directors must serve. */
export function judge(seen: Omit<FleetStatus, 'faults'>, expected: number): FleetStatus {
  const { revision, note, directors } = seen
  const faults: string[] = []
  if (note?.unfinished)
    faults.push(
      `the write of ${noteWords(note)} is not finished: ${note.unfinished.done} of ${note.unfinished.of} transactions`,
    )
  for (const director of directors) {
    const fault = faultOf(director, revision)
    if (fault !== undefined) faults.push(`${director.name}: ${fault}`)
  }
  const serving = directors.filter(({ state }) => state && !state.isDraining && state.rules.from !== 'none').length
  if (serving < expected) faults.push(`${serving} of ${expected} directors serve`)
  return { ...seen, faults }
}

function faultOf({ state, why }: PublishedDirector, newest: number): string | undefined {
  if (!state) return `what it says of itself cannot be read: ${why}`
  const { revision, from, refused, beside } = state.rules
  if (refused !== undefined) return printable(refused)
  if (from === 'none') return 'it has no rules yet'
  if (revision < newest) return `it has the rules of revision ${revision}, not ${newest}`
  if (from === 'disk') return 'it has the rules of its disk, for it has not reached etcd'
  return beside && beside.changed > 0 ? differs(beside) : undefined
}

type Beside = NonNullable<DirectorState['rules']['beside']>

function differs({ changed, first }: Beside): string {
  const isOne = changed === 1
  const which = isOne ? `${printable(first)} differs` : `${changed} services, ${printable(first)} among them, differ`
  return `${which} from etcd: changed there by hand; a reload there (SIGHUP) puts ${isOne ? 'it' : 'them'} right`
}

/** Services that are a director's own are no fault: by FULLNAT each has local addresses of its own. */
function ownText({ name, state }: PublishedDirector): string[] {
  const { added = 0, changed = 0, first = '' } = state?.rules.beside ?? {}
  if (added === 0) return []
  const which = changed > 0 ? '' : `, ${added === 1 ? '' : 'such as '}${printable(first)}`
  return [`- ${name}: ${added === 1 ? 'a service' : `${added} services`} of its own, not of etcd${which}`]
}

const COLUMNS = [
  'DIRECTOR',
  'STATE',
  'REVISION',
  'SERVICES',
  'SERVERS',
  'DOWN',
  'CONNS',
  'CPS',
  'IN P/S',
  'OUT P/S',
  'UVS',
]
/** Those that hold names are flush left. */
const LEFT = new Set(['DIRECTOR', 'STATE', 'UVS'])

/** What it does, in a word or two; ?: what it says of itself cannot be read. */
export function stateWord({ name, state }: PublishedDirector, drained: readonly string[]): string {
  if (!state) return '?'
  if (state.isDraining) return 'draining'
  if (state.rules.from === 'none') return 'waiting'
  return drained.includes(name) ? 'to drain' : 'serving'
}

export function statusText({ revision, note, directors, drained, faults }: FleetStatus): string {
  const rows = directors.map(director => {
    const { name, state } = director
    const word = stateWord(director, drained)
    if (!state) return [name, word, ...Array<string>(COLUMNS.length - 2).fill('')]
    const { rules, health, load, uvs } = state
    const counts = [rules.revision, rules.services, rules.realServers, health.realServersDown, load.connections]
    const rates = [load.cps, load.inPps, load.outPps].map(Math.round)
    return [name, word, ...[...counts, ...rates].map(String), printable(uvs)]
  })
  const widths = COLUMNS.map((title, at) => Math.max(title.length, ...rows.map(row => row[at]!.length)))
  const lines = [COLUMNS, ...rows].map(row =>
    row
      .map((text, at) => (LEFT.has(COLUMNS[at]!) ? text.padEnd(widths[at]!) : text.padStart(widths[at]!)))
      .join('  ')
      .trimEnd(),
  )
  const by = note ? `, last written by ${noteWords(note)}` : ''
  const head = `rules of revision ${revision}${by}`
  return `${[head, ...(rows.length > 0 ? lines : []), ...directors.flatMap(ownText), ...faults.map(fault => `! ${fault}`)].join('\n')}\n`
}

function documentOf({ revision, note, directors, drained, faults }: FleetStatus): object {
  return {
    revision,
    ...noteFields(note),
    directors: directors.map(({ name, state, why }) => (state ? { ...state, name } : { name, why })),
    drained,
    faults,
  }
}
