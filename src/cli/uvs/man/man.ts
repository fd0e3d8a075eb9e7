import { print } from '../../command.js'
import { packageVersion } from '../../../package-version.js'
import { word } from '../../option.js'
import { commands as uvsadmCommands } from '../../uvsadm/commands/commands.js'
import type { UvsCommand } from '../command.js'
import { uvsPage } from './man-uvs.js'
import { uvsadmPage } from './man-uvsadm.js'
import { readOptions } from '../options/read-options.js'

/** `allCommands`: the commands of uvs, this one included. */
export function man(allCommands: () => Promise<UvsCommand[]>): UvsCommand {
  const command: UvsCommand = {
    name: 'man',
    help: `Prints a man page, of uvs unless told: uvs man uvsadm | man -l -
npm install -g installs both.`,
    forms: [{ words: [{ ...word('uvs', 'uvsadm'), optional: true }], options: [] }],
    async run(args) {
      const [page] = readOptions(command, args).words
      const version = packageVersion()
      const today = new Date().toISOString().slice(0, 10)
      const out =
        page === 'uvsadm' ? uvsadmPage(uvsadmCommands, version, today) : uvsPage(await allCommands(), version, today)
      return print({ status: 0, out, err: '' })
    },
  }
  return command
}
