/**
 * A command of Node's, to be run by `env`, without what tap puts into every child process to see what it covers. Such a
 * child starts five times as fast, and needs no right to write where tap does. (An `env` option of spawn is not enough:
 * tap adds to that.) Where UVS_WATCHED is set, what it runs is still written down (.ci/run).
 */
export function unhooked(args: readonly string[]): string[] {
  const unwatched = process.env['UVS_WATCHED'] === undefined ? ['-u', 'NODE_V8_COVERAGE'] : []
  return ['-u', 'NODE_OPTIONS', ...unwatched, process.execPath, ...args]
}
