import type { Check, Hardware, LoadFigures, ServerReport } from '../../native-free/lab-report.js'

/** Who answered, and how often: 'rs1' → 3. */
export type Answers = Record<string, number>

/** What was seen while the director was in one state. */
export interface Phase {
  name: string
  /** Whether uvs has its rules. */
  balanced: boolean
  /** The lines that came back in each of the kernel's sessions meanwhile. */
  echoed: Record<string, number>
  /** By the address and port that the client asked. */
  answers: Record<string, Answers>
}

/** A load on one of the services. */
export interface BalancedLoad extends LoadFigures {
  method: string
  requests: number
  load: string
  servers: ServerReport[]
}

/** The report of the lab. `uvs lab beside --json FILE` writes it. */
export interface BesideReport extends Hardware {
  mode: 'beside'
  phases: Phase[]
  loads: BalancedLoad[]
  /** Packets that the client or a server received with a wrong checksum. */
  checksumErrors: number
  checks: Check[]
}

/** 'rs1 3, rs2 3' */
export function answersText(answers: Answers): string {
  return Object.entries(answers)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, times]) => `${name} ${times}`)
    .join(', ')
}

/** A table of who took what: a row a phase, a column a session, then one for each address asked. */
export function phaseTable(phases: readonly Phase[]): string[] {
  const [first] = phases
  if (!first) return []
  const [sessions, asked] = [Object.keys(first.echoed), Object.keys(first.answers)]
  const rows = [
    ['who answers', ...sessions, ...asked],
    ...phases.map(({ name, echoed, answers }) => [
      name,
      ...sessions.map(at => `${echoed[at] ?? 0} lines`),
      ...asked.map(at => answersText(answers[at] ?? {})),
    ]),
  ]
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(row => row[column]!.length)))
  return rows.map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  )
}
