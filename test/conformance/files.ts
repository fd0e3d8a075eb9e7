import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CaseError, parseCase, type RecordedCase } from './case.js'

/** The project's own copy of the recordings, seen from dist/test/conformance. */
export const OWN_CASES = ['cases', 'traces'].map(dir =>
  fileURLToPath(new URL(`../../../test/conformance/${dir}`, import.meta.url)),
)

/** The recordings that an argument stands for: the file itself, or every *.json in the directory and below. */
export function caseFiles(path: string): string[] {
  return orCaseError(() => {
    if (!statSync(path).isDirectory()) return [path]
    const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.json'))
    if (names.length === 0) throw new CaseError('no recordings (*.json) in this directory')
    return names.sort().map(name => join(path, name))
  })
}

export function loadCase(path: string): RecordedCase {
  return parseCase(orCaseError(() => readFileSync(path, 'utf8')))
}

/** A file that cannot be read is the user's to mend, like one that is no recording. */
function orCaseError<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw new CaseError(error.message, { cause: error })
    throw error
  }
}
