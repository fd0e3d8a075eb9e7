import { readFileSync } from 'node:fs'
import { print } from '../command.js'
import { word } from '../option.js'
import { commands as uvsadmCommands } from '../uvsadm/commands.js'
import type { UvsCommand } from './command.js'
import { allCommands } from './commands.js'
import { uvsPage } from './man-uvs.js'
import { uvsadmPage } from './man-uvsadm.js'
import { readOptions } from './read-options.js'

/** The package's own, from where tsc puts this file: dist/src/cli/uvs. */
const PACKAGE = new URL('../../../../package.json', import.meta.url)

export const man: UvsCommand = {
  name: 'man',
  help: `Prints a man page, of uvs unless told: uvs man uvsadm | man -l -
npm install -g installs both.`,
  forms: [{ words: [{ ...word('uvs', 'uvsadm'), optional: true }], options: [] }],
  async run(args) {
    const [page] = readOptions(man, args).words
    const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string }
    const today = new Date().toISOString().slice(0, 10)
    const out =
      page === 'uvsadm' ? uvsadmPage(uvsadmCommands, version, today) : uvsPage(await allCommands(), version, today)
    return print({ status: 0, out, err: '' })
  },
}
