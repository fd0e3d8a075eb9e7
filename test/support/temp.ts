import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'

/** A directory of the test's own whose name is short: a unix socket's path holds 107 bytes, t.testdir's alone may be longer. */
export function tempDir(t: { teardown(fn: () => void): void }): string {
  const directory = mkdtempSync(`${tmpdir()}/uvs-`)
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}
