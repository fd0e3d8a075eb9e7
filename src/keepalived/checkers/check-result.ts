/** What one check of a real server has found. */
export type CheckResult =
  | {
      readonly isUp: true
      /** The server's weight in place of the configured one. */
      readonly weight?: number
      /** Worth a line in the log though it is no failure. */
      readonly note?: string
    }
  | {
      readonly isUp: false
      /** A few words: `connection refused`, `status 503`. */
      readonly why: string
    }

export const UP: CheckResult = { isUp: true }

/** What a server said goes to logs and terminals, so it must not steer them. */
export function down(why: string): CheckResult {
  return { isUp: false, why: why.replaceAll(/[\p{Cc}\p{Bidi_C}]/gu, '?') }
}
