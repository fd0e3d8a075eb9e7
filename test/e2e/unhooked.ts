/**
 * A command of Node's, to be run by `env`, without what tap puts into every child process to see what it covers. Such a
 * child starts five times as fast, and needs no right to write where tap does. (An `env` option of spawn is not enough:
 * tap adds to that.)
 */
export function unhooked(args: readonly string[]): string[] {
  return ['-u', 'NODE_OPTIONS', '-u', 'NODE_V8_COVERAGE', process.execPath, ...args]
}
