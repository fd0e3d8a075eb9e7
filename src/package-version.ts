import { readFileSync } from 'node:fs'

/** From where tsc puts this file: dist/src. */
const PACKAGE = new URL('../../package.json', import.meta.url)

let version: string | undefined

/** The version of uvs that began to run. */
export function packageVersion(): string {
  return (version ??= (JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string }).version)
}
