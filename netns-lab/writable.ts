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

/** Throws one line if an option's file cannot be written. Leaves everything as it was. */
export function mustBeWritable(path: string, option = '--json'): void {
  try {
    if (!existsSync(path)) {
      closeSync(openSync(path, 'a'))
      unlinkSync(realpathSync(path)) // so that a dangling link stays one
    } else if (statSync(path).isDirectory()) {
      throw new Error('it is a directory')
    } else accessSync(path, constants.W_OK)
  } catch (error) {
    throw new Error(`${option} '${path}' cannot be written: ${reasonOf(error)}`, { cause: error })
  }
}

/** Makes the folder, not its parents (in /proc Node's mkdir would retry for ever). Throws one line if it cannot be written to. */
export function mustBeFolder(path: string, option: string): void {
  try {
    if (!existsSync(path)) mkdirSync(path)
    if (!statSync(path).isDirectory()) throw new Error('it is no folder')
    accessSync(path, constants.W_OK)
  } catch (error) {
    throw new Error(`${option} '${path}' cannot be written to: ${reasonOf(error)}`, { cause: error })
  }
}
