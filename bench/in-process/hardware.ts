import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'

/** What figures depend on, for whoever reads them elsewhere. */
export function hardware() {
  const all = cpus()
  return {
    node: process.version,
    cpu: all[0]?.model ?? 'unknown',
    cpus: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    linux: release(),
    hugePages: hugePages(),
    commit: commit(),
  }
}

/** Which of the kernel's three settings stands in brackets. */
function hugePages(): string {
  try {
    const text = readFileSync('/sys/kernel/mm/transparent_hugepage/enabled', 'utf8')
    return /\[(\w+)\]/.exec(text)?.[1] ?? 'unknown'
  } catch {
    return 'unknown'
  }
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8', stdio: 'pipe' }).trim()
  } catch {
    return 'unknown'
  }
}
