import type { Option } from '../../option.js'
import type { Given } from '../options/read-options.js'
import { writeWhole } from './write-whole.js'

/** Of both forms of the command. */
export const JSON_FILE: Option = {
  flags: ['--json'],
  value: 'FILE|-',
  is: 'file',
  help: 'the whole result as a JSON document (docs/json.md); - prints it and no table',
}

/** The file of --json; undefined: none is written. */
export function jsonFile(given: Given): string | undefined {
  const file = given.one('--json')
  return file === '-' ? undefined : file
}

/** Writes what --json asks for, and returns what is to be printed: that, or the text. */
export function withJson(given: Given, document: () => string, text: () => string): string {
  const file = given.one('--json')
  if (file === '-') return document()
  if (file !== undefined) writeWhole('--json', file, document())
  return text()
}
