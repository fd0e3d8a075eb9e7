/** Where a message belongs: a file as it was named, a line counted from 1. */
export interface Place {
  readonly file: string
  readonly line: number
}

/**
 * How bad it is, which decides the exit status as `keepalived -t` has it:
 * `note`, `warning`: 0. `error`: 5, the line is ignored or a default taken. `security`: 6, scripts that may not run.
 * `fatal`: 2, reading ends at this line. `missing`: 6 whatever else is wrong, a file that must be there.
 */
export type Severity = 'note' | 'warning' | 'error' | 'security' | 'fatal' | 'missing'

export interface Message {
  /** Absent where the whole file is meant. */
  readonly place?: Place
  readonly severity: Severity
  /** In keepalived's own words where keepalived complains too. */
  readonly text: string
  /** What is allowed, or what to write instead. */
  readonly help?: string
}

/** keepalived stops at such a line; `readConfig` catches it. */
export class FatalLine extends Error {}

/** More messages help nobody; the status still counts. */
const MOST_MESSAGES = 10_000

/** Collects messages, each once for its place and text: keepalived's processes repeat each other. */
export class Report {
  readonly messages: Message[] = []
  #seen = new Set<string>()
  #worst = 0

  add(severity: Severity, place: Place | undefined, text: string, help?: string): void {
    this.#worst = Math.max(this.#worst, RANK[severity])
    const key = `${place?.file}:${place?.line}:${text}`
    if (this.#seen.has(key) || this.messages.length === MOST_MESSAGES) return
    this.#seen.add(key)
    this.messages.push({ ...(place && { place }), severity, text, ...(help !== undefined && { help }) })
  }

  /** keepalived leaves for its network namespace, and where there is none it ends without a word: what was found is a warning. */
  nothingIsChecked(namespace: string, at: Place | undefined): void {
    this.#worst = 0
    for (const [at, message] of this.messages.entries())
      if (STATUS[RANK[message.severity]] !== 0) this.messages[at] = { ...message, severity: 'warning' }
    this.add('warning', at, `there is no network namespace ${namespace}`, 'keepalived ends without a word')
  }

  /** The exit status of `keepalived -t`: 0, 2, 5 or 6. */
  status(): number {
    return STATUS[this.#worst]!
  }
}

const RANK: Record<Severity, number> = { note: 0, warning: 0, error: 1, security: 2, fatal: 3, missing: 4 }
const STATUS = [0, 5, 6, 2, 6]

/** `ha.conf:12: error: (VI_1) Priority not valid! …; allowed: 1 to 255` */
export function formatMessage({ place, severity, text, help }: Message): string {
  const where = place ? `${place.file}:${place.line}: ` : ''
  return printable(`${where}${severity}: ${text}${help === undefined ? '' : `; ${help}`}`)
}

/** Of a file that is no configuration, such as a picture, more help nobody. */
const MOST_SHOWN = 100

/**
 * The messages as lines: the first hundred, of the others those that end the reading or decide the status, and how many are left out. `all`:
 * who shows them.
 */
export function shownLines(messages: readonly Message[], all: string): string[] {
  const shown = messages.filter(({ severity }, at) => at < MOST_SHOWN || RANK[severity] > RANK.error)
  const more = messages.length - shown.length
  if (more === 0) return shown.map(formatMessage)
  const least = messages.length === MOST_MESSAGES ? 'at least ' : ''
  return [...shown.map(formatMessage), `and ${least}${more} more messages; ${all}`]
}

/** What a file holds must not steer the terminal that it is shown on: control characters as \\xNN, those of the writing's direction as \\uNNNN. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_C}]/gu, char => {
    const code = char.charCodeAt(0).toString(16)
    return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`
  })
}
