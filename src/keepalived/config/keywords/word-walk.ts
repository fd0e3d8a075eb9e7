import type { LogicalLine } from '../lines/logical-lines.js'
import type { Parser } from '../parser.js'

/** The words of a route or rule, one after the other. */
export class WordWalk {
  #at = 0
  constructor(
    readonly line: LogicalLine,
    readonly parser: Parser,
  ) {}

  /** The next word, which stays. */
  get next(): string | undefined {
    return this.line.words[this.#at]
  }
  /** The one behind it. */
  get second(): string | undefined {
    return this.line.words[this.#at + 1]
  }

  skip(words = 1): void {
    this.#at += words
  }
  /** Takes the next word if it is this one. */
  takeIf(word: string): boolean {
    if (this.next !== word) return false
    this.#at++
    return true
  }
  /** Takes a word without which keepalived stops reading. */
  needed(): string {
    return this.parser.needed(this.line, this.#at++)
  }
}
