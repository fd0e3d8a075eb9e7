import { accessSync, closeSync, constants, existsSync, openSync, realpathSync, statSync, unlinkSync } from 'node:fs'

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
    const why = (error as Error).message.replace(/^E[A-Z]+: ([^,]+),.*$/s, '$1')
    throw new Error(`${option} '${path}' cannot be written: ${why}`, { cause: error })
  }
}
