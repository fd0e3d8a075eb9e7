import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { reasonOf } from '../linux/error-text.js'
import { UsageError } from '../director/options.js'
import { schedulers } from '../sched/index.js'
import type { Scheduler } from '../sched/scheduler.js'

/** Node's codes for a file that by its name is no module, or JSON. */
const NO_MODULE = /^ERR_(UNKNOWN_FILE_EXTENSION|IMPORT_(ASSERTION_TYPE|ATTRIBUTE)_MISSING)$/

/** Loads a user's scheduler: the default export of the module at this URL. UsageError, in a line, if it is none. */
export async function loadScheduler(url: string): Promise<Scheduler> {
  const missing = whyNoFile(url)
  if (missing !== undefined) throw new UsageError(`--scheduler: ${url} cannot be loaded: ${missing}`)
  let loaded: { default?: unknown }
  try {
    loaded = (await import(url)) as { default?: unknown }
  } catch (error) {
    const isModule = !NO_MODULE.test((error as NodeJS.ErrnoException | undefined)?.code ?? '')
    const why = isModule ? placeOf(error, url) + reasonOf(error) : 'the name of a module ends with .js, .mjs or .cjs'
    throw new UsageError(`--scheduler: ${url} cannot be loaded: ${why}`)
  }
  const scheduler = loaded.default as Partial<Scheduler> | undefined
  if (typeof scheduler !== 'object' || scheduler === null || typeof scheduler.bind !== 'function')
    throw new UsageError(`--scheduler: ${url} has no default export { name, bind(service, random) }`)
  if (typeof scheduler.name !== 'string' || !/^[\w.-]{1,15}$/.test(scheduler.name))
    throw new UsageError(`--scheduler: ${url}: its name must be 1 to 15 letters, digits, '_', '.' or '-'`)
  if (schedulers.has(scheduler.name))
    throw new UsageError(`--scheduler: ${url}: '${scheduler.name}' is a built-in one's name`)
  return scheduler as Scheduler
}

function whyNoFile(url: string): string | undefined {
  try {
    return statSync(fileURLToPath(url)).isDirectory() ? 'it is a directory, not a module' : undefined
  } catch (error) {
    return reasonOf(error)
  }
}

/** The place of an error: `line 3: `, with the module if it is another one. None if Node names none of the user's files. */
function placeOf(error: unknown, url: string): string {
  const text = error instanceof SyntaxError ? told(url) : ((error as Error | undefined)?.stack ?? '')
  // A CommonJS module is named by its path.
  const [, scheme, path = '', line] = /^(?: *at (?:.*[ (])?)?(file:\/\/)?(\/.+?):(\d+)/m.exec(text) ?? []
  if (line === undefined) return ''
  const module = scheme ? scheme + path : pathToFileURL(path).href
  return module === url ? `line ${line}: ` : `${module} line ${line}: `
}

/** A SyntaxError does not tell its place, but Node prints it if the error is not caught. Such a module runs no code. */
function told(url: string): string {
  const program = ['--input-type=module', '-e', 'await import(process.argv[1])', url]
  return spawnSync(process.execPath, program, { encoding: 'utf8', timeout: 5000 }).stderr
}
