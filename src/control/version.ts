import { readFileSync } from 'node:fs'

/** uvs's own version, as its package has it. */
export const version = (
  JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string }
).version
