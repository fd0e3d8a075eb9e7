import { CaseError, type RecordedCase } from './case.js'
import { compare } from './compare.js'
import { caseFiles, loadCase } from './files.js'
import { play } from './play.js'
import { reportLines } from './report.js'

/**
 * Plays the recordings that the paths stand for and prints how each compares. Answers whether there were any, and all
 * passed. A path without a recording counts as one that failed.
 */
export async function conformance(paths: string[], print: (line: string) => void): Promise<boolean> {
  let passed = 0
  let failed = 0
  for (const found of paths.flatMap(findCases)) {
    const differences = 'problem' in found ? [] : await playCase(found)
    const good = !('problem' in found) && differences.length === 0
    if (good) passed++
    else failed++
    const lines = 'problem' in found ? [`FAIL  ${found.path}: ${found.problem}`] : reportLines(found.name, differences)
    for (const line of lines) print(line)
  }
  print(`${passed} passed, ${failed} failed`)
  return passed > 0 && failed === 0
}

interface Unplayable {
  path: string
  problem: string
}

function findCases(path: string): (RecordedCase | Unplayable)[] {
  const files = orProblem(path, () => caseFiles(path))
  return 'problem' in files ? [files] : files.map(file => orProblem(file, () => loadCase(file)))
}

function orProblem<T extends object>(path: string, load: () => T): T | Unplayable {
  try {
    return load()
  } catch (error) {
    if (error instanceof CaseError) return { path, problem: error.message }
    throw error
  }
}

/** What differs. A director that throws fails the case, not the run; its stack is what helps then. */
export async function playCase(recorded: RecordedCase): Promise<string[]> {
  try {
    return compare(recorded, await play(recorded))
  } catch (error) {
    return (error instanceof Error ? (error.stack ?? error.message) : String(error)).split('\n')
  }
}
