import type { Command } from '../command.js'

/** What it does is in restore-lines.ts: it reads standard input, and its lines are commands themselves. */
export const restore: Command<null> = {
  name: 'restore',
  flags: ['-R', '--restore'],
  usage: '-R',
  help: 'carry out standard input, the lines of -S; goes on after one refused',
  needs: [],
  takes: [],
  parse: () => null,
  run: () => Promise.reject(new RangeError('lines are read by uvsadm()')),
}
