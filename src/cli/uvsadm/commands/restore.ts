import type { Command } from '../command.js'

/** Reads standard input, whose lines are commands; carried out by restore-lines.ts. */
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
