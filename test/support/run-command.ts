import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Outcome } from '../../src/control/protocol/api.js'

const MAIN = fileURLToPath(new URL('../../src/cli/uvs/main.js', import.meta.url))

/** A command of `uvs` in a process of its own; `said` is what it has printed so far. */
export function startCommand(
  name: string,
  stdin: string,
  ...args: string[]
): { outcome: Promise<Outcome>; said(): string } {
  let said = ''
  const outcome = new Promise<Outcome>(resolve => {
    const child = execFile(process.execPath, [MAIN, name, ...args], (error, out, err) =>
      resolve({ status: Number(error?.code ?? 0), out, err }),
    )
    child.stdout?.on('data', text => (said += String(text)))
    child.stdin?.end(stdin)
  })
  return { outcome, said: () => said }
}

/** The same, when it has ended. */
export function runCommand(name: string, stdin: string, ...args: string[]): Promise<Outcome> {
  return startCommand(name, stdin, ...args).outcome
}
