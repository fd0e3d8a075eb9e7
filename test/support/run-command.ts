import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Outcome } from '../../src/control/protocol/api.js'

const MAIN = fileURLToPath(new URL('../../src/cli/uvs/main.js', import.meta.url))

/** A command of `uvs` in a process of its own. */
export function runCommand(name: string, stdin: string, ...args: string[]): Promise<Outcome> {
  return new Promise(resolve => {
    const child = execFile(process.execPath, [MAIN, name, ...args], (error, out, err) =>
      resolve({ status: Number(error?.code ?? 0), out, err }),
    )
    child.stdin?.end(stdin)
  })
}
