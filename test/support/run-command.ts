import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Outcome } from '../../src/control/api.js'

/** A command of `uvs` in a process of its own, as src/cli/uvs/main.ts runs it. */
export function runCommand(name: string, stdin: string, ...args: string[]): Promise<Outcome> {
  const file = fileURLToPath(new URL(`../../src/cli/uvs/${name}.js`, import.meta.url))
  const code = `const { ${name} } = await import(process.argv[1]); process.exitCode = await ${name}.run(process.argv.slice(2))`
  return new Promise(resolve => {
    const argv = ['--input-type=module', '-e', code, file, ...args]
    const child = execFile(process.execPath, argv, (error, out, err) =>
      resolve({ status: Number(error?.code ?? 0), out, err }),
    )
    child.stdin?.end(stdin)
  })
}
