import { callItself, endUnlessEpipe } from '../command.js'
import { messageOf } from '../../linux/error-text.js'
import { helpText, usageLines } from './command.js'
import { allCommands, commands } from './commands.js'
import { giveWay } from './give-way.js'
import { complain, runUvs } from './run-uvs.js'

const ASKS_HELP = ['-h', '--help', 'help']

process.stdout.on('error', error => {
  endUnlessEpipe(error)
  process.exit(0) // the reader of a pipe has gone
})
process.exitCode = await main(process.argv.slice(2))

/** `uvs help NAME` is `uvs NAME --help`. */
async function main([name, ...args]: string[]): Promise<number> {
  if (name === undefined || ASKS_HELP.includes(name)) {
    if (args[0] !== undefined && !ASKS_HELP.includes(args[0])) return main([args[0], '--help'])
    process.stdout.write(await help())
    return 0
  }
  if (name === '--version' || name === '-v') {
    const { packageVersion } = await import('../../package-version.js')
    process.stdout.write(`uvs ${packageVersion()}\n`)
    return 0
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!load) {
    process.stderr.write(`uvs: there is no command '${name}': ${Object.keys(commands).join(', ')} (uvs --help)\n`)
    return 2
  }
  callItself(`uvs ${name}`)
  giveWay(name)
  try {
    return await runUvs(await load(), args)
  } catch (error) {
    complain(name, messageOf(error)) // the command could not be loaded
    return 1
  }
}

async function help(): Promise<string> {
  const lines = ['uvs: a userspace layer-4 load balancer that does what IPVS does', '']
  for (const command of await allCommands())
    lines.push(
      ...usageLines(command),
      ...helpText(command)
        .split('\n')
        .map(line => `    ${line}`),
      '',
    )
  lines.push('uvs --version, -v: its version.', "Rules are set with uvsadm, which takes ipvsadm's arguments.")
  return `${lines.join('\n')}\n`
}
