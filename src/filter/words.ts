/** A filter that cannot be read, or says what is not known here. The message names the word. */
export class FilterError extends Error {}

const WORD = /&&|\|\||!=|==|>=|<=|[()[\]!&=<>|]|[^\s()[\]!&=<>|]+/g

/** The words of a filter, one after the other. `tcp[tcpflags]` is several. */
export class Words {
  readonly #words: readonly string[]
  #at = 0

  constructor(text: string) {
    this.#words = text.match(WORD) ?? []
  }

  /** The next word, undefined at the end. */
  get next(): string | undefined {
    return this.#words[this.#at]
  }
  /** The one after it. */
  get afterNext(): string | undefined {
    return this.#words[this.#at + 1]
  }
  /** Takes the next word if it is one of these. */
  takes(...words: string[]): string | undefined {
    const { next } = this
    if (next === undefined || !words.includes(next)) return undefined
    this.#at++
    return next
  }
  /** Takes the next word. FilterError at the end: `what` was expected. */
  take(what: string): string {
    const { next } = this
    if (next === undefined) throw new FilterError(`the filter ends where ${what} is expected`)
    this.#at++
    return next
  }
  expect(word: string): void {
    const found = this.take(`'${word}'`)
    if (found !== word) throw new FilterError(`'${found}': '${word}' is expected`)
  }
}
