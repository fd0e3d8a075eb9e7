import { pathToFileURL } from 'node:url'
import { UsageError } from '../../../director/usage-error.js'
import { reasonOf } from '../../../linux/error-text.js'

/** The files of `--scheduler` as URLs, which modules are loaded by. UsageError, in a line, where a path begins in a directory that is gone. */
export function schedulerUrls(files: readonly string[]): string[] {
  return files.map(file => {
    try {
      return pathToFileURL(file).href
    } catch (error) {
      throw new UsageError(`--scheduler: ${file} cannot be loaded: ${reasonOf(error)}`)
    }
  })
}
