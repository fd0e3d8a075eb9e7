import { readU16 } from '../support/octets.js'
import { CaseError, type RecordedCase, type Sender, type SideFrame } from './case.js'
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
  const { ipip, gre, gue } = senders.tunnels
  const offloaded = `; the program forwarded ${senders.program}, into tunnels ${ipip} by IPIP, ${gre} by GRE, ${gue} by GUE`
  print(`${passed} passed, ${failed} failed${mode.isBeside ? beside : ''}${mode.offload ? offloaded : ''}`)
  return passed > 0 && failed === 0
}

/** Who sent how many frames; of those by the program, how many into tunnels. */
export interface Senders extends Record<Sender, number> {
  tunnels: { ipip: number; gre: number; gue: number }
}
export function nobodySent(): Senders {
  return { uvs: 0, program: 0, kernel: 0, tunnels: { ipip: 0, gre: 0, gue: 0 } }
}
const TUNNELS = { 4: 'ipip', 47: 'gre' } as const
const [UDP, GUE_PORT] = [17, 6080]
function tunnelOf(frame: Uint8Array): keyof Senders['tunnels'] | undefined {
  const protocol = frame[23]!
  if (protocol === UDP) return readU16(frame, 36) === GUE_PORT ? 'gue' : undefined
  return TUNNELS[protocol as keyof typeof TUNNELS]
}
function count(senders: Senders, { sender, frame }: SideFrame): void {
  if (!sender) return
  senders[sender]++
  const tunnel = sender === 'program' ? tunnelOf(frame) : undefined
  if (tunnel) senders.tunnels[tunnel]++
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
export async function playCase(recorded: RecordedCase, mode: Mode = {}, senders = nobodySent()): Promise<string[]> {
  try {
    const played = await play(recorded, mode)
    for (const each of played.steps.flatMap(({ out }) => out)) count(senders, each)
    return compare(recorded, played)
  } catch (error) {
    return (error instanceof Error ? (error.stack ?? error.message) : String(error)).split('\n')
  }
}
