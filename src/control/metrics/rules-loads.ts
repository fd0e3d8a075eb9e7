/** Outcomes of loading the rules file, at the start and on reload. Times are seconds since 1970. */
export class RulesLoads {
  succeeded = 0
  failed = 0
  /** Undefined before the first load. */
  lastWasGood: boolean | undefined
  lastGoodAt = 0

  /** Records a load that ended at the time `at`. */
  record(isGood: boolean, at: number): void {
    if (isGood) {
      this.succeeded++
      this.lastGoodAt = at
    } else this.failed++
    this.lastWasGood = isGood
  }
}
