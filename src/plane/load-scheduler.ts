import { spawnSync } from 'node:child_process'
import { reasonOf } from '../linux/error-text.js'
import { UsageError } from '../director/options.js'
import { schedulers } from '../sched/index.js'
import type { Scheduler } from '../sched/scheduler.js'

/** Loads a user's scheduler: the default export of the module at this URL. UsageError, in a line, if it is none. */
export async function loadScheduler(url: string): Promise<Scheduler> {
  let loaded: { default?: unknown }
  try {
    loaded = (await import(url)) as { default?: unknown }
  } catch (error) {
    throw new UsageError(`--scheduler: ${url} cannot be loaded: ${placeOf(error, url)}${reasonOf(error)}`)
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

/** The place of an error: `line 3: `, with the module if it is another one. */
function placeOf(error: unknown, url: string): string {
  const text = error instanceof SyntaxError ? told(url) : ((error as Error | undefined)?.stack ?? '')
  const [, module = '', line] = /^(?: *at .*?)?\(?(file:\/\/.+?):(\d+)/m.exec(text) ?? []
  if (line === undefined) return ''
  return module === url ? `line ${line}: ` : `${module} line ${line}: `
}

/** A SyntaxError does not tell its place, but Node prints it if the error is not caught. Such a module runs no code. */
function told(url: string): string {
  const program = ['--input-type=module', '-e', 'await import(process.argv[1])', url]
  return spawnSync(process.execPath, program, { encoding: 'utf8', timeout: 5000 }).stderr
}
