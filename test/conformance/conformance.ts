import { CaseError, type RecordedCase, type Sender } from './case.js'
import { compare } from './compare.js'
import { caseFiles, loadCase } from './files.js'
import { localNodeOf } from './local-nodes.js'
import { play } from './play.js'
import { reportLines } from './report.js'
import type { Mode } from './rig.js'

/**
 * Plays the recordings that the paths stand for and prints how each compares. Answers whether there were any, and all
 * passed. A path without a recording counts as one that failed.
 */
export async function conformance(paths: string[], print: (line: string) => void, mode: Mode = {}): Promise<boolean> {
  let passed = 0
  let failed = 0
  let leftOut = 0
  const senders = nobodySent()
  for (const found of paths.flatMap(findCases)) {
    if ('problem' in found) {
      failed++
      print(`FAIL  ${found.path}: ${found.problem}`)
      continue
    }
    const why = mode.isBeside ? localNodeOf(found) : undefined
    if (why !== undefined) {
      leftOut++
      print(`left  ${found.name}: ${why}`)
      continue
    }
    const differences = await playCase(found, mode, senders)
    if (differences.length === 0) passed++
    else failed++
    for (const line of reportLines(found.name, differences)) print(line)
  }
  const beside = `, ${leftOut} left out; ${senders.uvs} frames came from uvs, ${senders.kernel} from the kernel beside it`
  const offloaded = `; the program forwarded ${senders.program}`
  print(`${passed} passed, ${failed} failed${mode.isBeside ? beside : ''}${mode.offload ? offloaded : ''}`)
  return passed > 0 && failed === 0
}

export function nobodySent(): Record<Sender, number> {
  return { uvs: 0, program: 0, kernel: 0 }
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

/** What differs; counts who sent how many frames. A director that throws fails the case, not the run; its stack is what helps then. */
export async function playCase(
  recorded: RecordedCase,
  mode: Mode = {},
  senders: Record<Sender, number> = nobodySent(),
): Promise<string[]> {
  try {
    const played = await play(recorded, mode)
    for (const { sender } of played.steps.flatMap(({ out }) => out)) if (sender) senders[sender]++
    return compare(recorded, played)
  } catch (error) {
    return (error instanceof Error ? (error.stack ?? error.message) : String(error)).split('\n')
  }
}
