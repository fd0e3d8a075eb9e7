/** How loading the rules file went: at the start, and each time it is read again. Times are seconds since 1970. */
export class RulesLoads {
  succeeded = 0
  failed = 0
  /** Undefined until the first. */
  lastWasGood: boolean | undefined
  lastGoodAt = 0

  /** One has ended; `at`: when. */
  record(isGood: boolean, at: number): void {
    if (isGood) {
      this.succeeded++
      this.lastGoodAt = at
    } else this.failed++
    this.lastWasGood = isGood
  }
}
