/** Version 3 has twelve bits of hundredths of a second. */
const MOST_OF_VERSION_3 = 40_950

/** Between adverts, as the version can say it: whole seconds in version 2, at least one; hundredths in version 3. */
export function advertInterval(given: number, version: 2 | 3, says: (text: string) => void): number {
  const seconds = given / 1000
  if (version === 2) {
    const whole = Math.max(1, Math.round(seconds))
    if (whole * 1000 === given || given % 1000 < 0.01) return whole * 1000
    says(`VRRPv2 advertisement interval ${seconds.toFixed(6)}s must be an integer. rounding`)
    return whole * 1000
  }
  if (given > MOST_OF_VERSION_3) {
    says(
      `VRRPv3 advertisement interval ${seconds.toFixed(2)}s is out of range. Must be less than 40.96s. Setting to 40.95s`,
    )
    return MOST_OF_VERSION_3
  }
  const hundredths = Math.max(1, Math.round(given / 10))
  if (Math.abs(hundredths * 10 - given) > 0.01)
    says(`VRRPv3 advertisement interval ${seconds.toFixed(6)}s must be in units of 10ms - rounding`)
  return hundredths * 10
}
