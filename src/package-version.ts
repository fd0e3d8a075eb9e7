import { readFileSync } from 'node:fs'

/** From where tsc puts this file: dist/src. */
const PACKAGE = new URL('../../package.json', import.meta.url)

/** The version of uvs. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string }).version
}
