import { print } from '../../command.js'
import { word } from '../../option.js'
import { commands as uvsadmCommands } from '../../uvsadm/commands/commands.js'
import type { UvsCommand } from '../command.js'
import { bashCompletion } from './bash.js'
import { fishCompletion } from './fish.js'
import { completionTables, type Tables } from './tables.js'
import { zshCompletion } from './zsh.js'
import { readOptions } from '../options/read-options.js'

const SHELLS: Record<string, (tables: Tables) => string> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
}

/** `allCommands`: the commands of uvs, this one included. */
export function completion(allCommands: () => Promise<UvsCommand[]>): UvsCommand {
  const command: UvsCommand = {
    name: 'completion',
    help: `Prints a script that completes command lines of uvs and uvsadm.
In ~/.bashrc: eval "$(uvs completion bash)"; in ~/.zshrc, after compinit: eval "$(uvs completion zsh)"; for fish:
uvs completion fish > ~/.config/fish/conf.d/uvs.fish. Services and real servers are those of the running director.`,
    forms: [{ words: [word(...Object.keys(SHELLS))], options: [] }],
    async run(args) {
      const [shell] = readOptions(command, args).words
      return print({ status: 0, out: SHELLS[shell!]!(completionTables(await allCommands(), uvsadmCommands)), err: '' })
    },
  }
  return command
}
