import { execFileSync, type StdioOptions } from 'node:child_process'
import { cpus, release } from 'node:os'
import type { Hardware } from '../native-free/lab-report.js'
import { ours } from './tools.js'

/** The hardware, kernel, Node and commit that this runs on. */
export function hardware(): Hardware {
  const processors = cpus()
  return {
    node: process.version,
    cpu: `${processors.length} × ${processors[0]?.model ?? 'unknown'}`,
    kernel: release(),
    commit: commit(),
  }
}

function commit(): string {
  try {
    const stdio: StdioOptions = ['ignore', 'pipe', 'ignore']
    const options = { cwd: ours('.'), timeout: 2000, encoding: 'utf8', stdio } as const
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], options).trim()
  } catch {
    return 'unknown' // installed without its repository, or without git
  }
}
