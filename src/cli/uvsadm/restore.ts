import type { Command } from './command.js'

/** What it does is in restore-lines.ts: it reads standard input, and its lines are commands themselves. */
export const restore: Command<null> = {
  name: 'restore',
  flags: ['-R', '--restore'],
  usage: '-R',
  help: 'carry out the lines of standard input, as -S prints them; goes on after one that is refused',
  needs: [],
  takes: [],
  parse: () => null,
  run: () => Promise.reject(new RangeError('lines are read by uvsadm()')),
}
