import { printable } from '../../control/protocol/printable.js'
import { TRY_HELP } from '../uvsadm/failure.js'
import type { Finding } from './hazard.js'

/** So many lines are told of one by one. */
const MOST = 10
/** Letters that are shown of a word. */
const SHORT = 40

/** Lines that are no rules. Of a file of something else the first ones are told of, and how many more there are. */
export class UnreadLines {
  readonly #findings: Finding[]
  #count = 0
  /** Which finding tells of the lines beyond MOST. */
  #moreAt = -1

  constructor(findings: Finding[]) {
    this.#findings = findings
  }

  /** `word`: the line's first; `said`: what ipvsadm says of the line. */
  found(line: number, word: string, said: string, hint: string): void {
    const why = said === TRY_HELP ? `'${shortened(word)}' is no rule: -A -a -E -e -D -d --add-laddr` : said
    const stop = this.#count++ === 0 ? '; ipvsadm -R stops here, the lines below are not restored' : ''
    if (this.#count <= MOST) return void this.#tell(line, `${why}${hint}${stop}`)
    const more = this.#count - MOST
    const message = `from here on ${more} more ${more === 1 ? 'line is no rule' : 'lines are no rules'}`
    if (more > 1) this.#findings[this.#moreAt] = { ...this.#findings[this.#moreAt]!, message }
    else this.#moreAt = this.#tell(line, message)
  }

  #tell(line: number, message: string): number {
    return this.#findings.push({ line, hazard: 'not-a-rule', severity: 'hazard', message }) - 1
  }
}

function shortened(word: string): string {
  return printable(word.length > SHORT ? `${word.slice(0, SHORT)}…` : word)
}
