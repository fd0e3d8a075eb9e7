export interface Judged {
  /** What failed and why; empty where all has passed. */
  readonly faults: string
  /** Why tests were left out, a reason each. */
  readonly skipped: readonly string[]
}

/** Lines of what has passed; of the rest stay failures with their reasons, and comments. */
const PASSED = /^\s*(ok \d|1\.\.\d|# Subtest|TAP version|# time=|$)/

/** Judges a process by its status, or the signal that ended it, and the TAP that it wrote: a status of 0 alone may hide that it stopped half way. */
export function judge(ended: string, stdout: string, stderr: string): Judged {
  const skipped = [...stdout.matchAll(/^ *ok \d+ - (.*) # SKIP ?(.*)$/gm)].map(([, name, why]) => `${name}: ${why}`)
  const wholly = /^1\.\.0 # SKIP ?(.*)$/m.exec(stdout)
  const whys = wholly ? [...skipped, wholly[1]!] : skipped
  const results = stdout.match(/^(not )?ok \d/gm)?.length ?? 0
  const planned = Number(/^1\.\.(\d+)/m.exec(stdout)?.[1] ?? -1)
  const isWhole = wholly !== null || (results > 0 && planned === results)
  if (ended === '0' && isWhole && !/^not ok (?!.*# TODO)/m.test(stdout)) return { faults: '', skipped: whys }
  const reason = isWhole
    ? `it ended with ${ended}`
    : `it ended with ${ended}, with ${results} results of ${planned < 0 ? 'no plan' : planned}`
  const told = stdout.split('\n').filter(line => !PASSED.test(line))
  return { faults: [reason, ...told, stderr.trimEnd()].filter(Boolean).join('\n'), skipped: whys }
}
