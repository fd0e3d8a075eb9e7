import { anyText, decimal, Fields, listOf, name, oneWord, textAs, type Read } from './fields.js'
import { duration, positive } from './quantities.js'
import { ScenarioError } from './scenario-error.js'
import type { Change, Failure } from './scenario.js'

const KINDS = ['run', 'fail', 'recover', 'partition', 'heal', 'drain'] as const

/** `at: 30s`, and one thing that happens then; `run` may have several lines. */
export const changes: Read<Change[]> = (value, path) => {
  const fields = new Fields(value, path, 'a change')
  const atMs = fields.need('at', duration)
  const kind = fields.oneOf(KINDS) as (typeof KINDS)[number]
  const at = { atMs, path: [...path, kind] }
  const found = read(kind, fields).map(change => ({ ...at, ...change }) as Change)
  fields.end()
  return found
}

type Bare<T> = T extends unknown ? Omit<T, 'atMs' | 'path'> : never

function read(kind: (typeof KINDS)[number], fields: Fields): Bare<Change>[] {
  switch (kind) {
    case 'run':
      return fields.need('run', lines).map(line => ({ kind, line }))
    case 'fail':
      return [{ kind, who: fields.need(kind, name), how: failure(fields) }]
    case 'recover':
      return [{ kind, who: fields.need(kind, name) }]
    case 'partition':
    case 'heal':
      return [{ kind, who: fields.need(kind, names) }]
    case 'drain': {
      const who = fields.need(kind, name)
      const deadlineMs = fields.take('deadline', positive) ?? 60_000
      const resets = fields.take('afterwards', oneWord('keep', 'reset')) === 'reset'
      return [{ kind, who, deadlineMs, resets }]
    }
  }
}

function failure(fields: Fields): Failure {
  const how = fields.take('how', oneWord('silent', 'refuses', 'slow')) ?? 'silent'
  const slower = fields.take('factor', decimal(0.01, 10_000)) ?? 10
  return how === 'slow' ? { slower } : how
}

/** One name, or two that differ. */
const names: Read<string[]> = (value, path) => {
  if (!Array.isArray(value)) return [name(value, path)]
  const found = listOf(name)(value, path)
  const [one, other, third] = found
  if (third !== undefined)
    throw new ScenarioError([...path, 2], `'${third}': two names at most: write another line for it`)
  if (one === undefined) throw new ScenarioError(path, 'one name or two are expected')
  if (one === other) throw new ScenarioError([...path, 1], `'${one}' is there twice`)
  return found
}

/** A text of lines, or a list of such. */
export const lines: Read<string[]> = (value, path) => {
  if (Array.isArray(value)) return listOf(anyText)(value, path)
  const text = textAs('lines of uvsadm or sysctl', found => found)(value, path)
  return text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'))
}
