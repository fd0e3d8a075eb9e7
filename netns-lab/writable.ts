import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  realpathSync,
  statSync,
  unlinkSync,
} from 'node:fs'
import { reasonOf } from '../src/linux/error-text.js'

/** Throws, in a line, where an option's file cannot be written. Leaves everything as it was. */
export function mustBeWritable(path: string, option = '--json'): void {
  try {
    if (!existsSync(path)) {
      closeSync(openSync(path, 'a'))
      unlinkSync(realpathSync(path)) // a link that led nowhere stays
    } else if (statSync(path).isDirectory()) {
      throw new Error('it is a directory')
    } else accessSync(path, constants.W_OK)
  } catch (error) {
    throw new Error(`${option} '${path}' cannot be written: ${reasonOf(error)}`, { cause: error })
  }
}

/** Makes the folder, not those above it: in /proc Node's mkdir would try for ever. Throws, in a line, where it cannot be, or be written to. */
export function mustBeFolder(path: string, option: string): void {
  try {
    if (!existsSync(path)) mkdirSync(path)
    if (!statSync(path).isDirectory()) throw new Error('it is no folder')
    accessSync(path, constants.W_OK)
  } catch (error) {
    throw new Error(`${option} '${path}' cannot be written to: ${reasonOf(error)}`, { cause: error })
  }
}
