#!/usr/bin/env node
import type { UvsCommand } from './command.js'

/** Each loaded when asked for: only `director` needs native code. */
const commands: Record<string, () => Promise<UvsCommand>> = {
  director: async () => (await import('./director.js')).director,
  realserver: async () => (await import('./realserver.js')).realserver,
  lab: async () => (await import('./lab.js')).lab,
  script: async () => (await import('./script.js')).script,
  plan: async () => (await import('./plan.js')).plan,
  apply: async () => (await import('./apply.js')).apply,
  sysctl: async () => (await import('./sysctl.js')).sysctl,
  verdicts: async () => (await import('./verdicts.js')).verdicts,
  reset: async () => (await import('./reset.js')).reset,
}

const [name, ...args] = process.argv.slice(2)
process.stdout.on('error', () => process.exit(0)) // the reader of a pipe has gone
process.exitCode = await main()

async function main(): Promise<number> {
  if (name === undefined || name === '-h' || name === '--help' || name === 'help') {
    process.stdout.write(await help())
    return 0
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!load) {
    process.stderr.write(`uvs: there is no command '${name}': ${Object.keys(commands).join(', ')} (uvs --help)\n`)
    return 2
  }
  try {
    const command = await load()
    if (args[0] === '--help' || args[0] === '-h') {
      process.stdout.write(`uvs ${command.usage.replace(/^uvs /, '')}\n\n${command.help}\n`)
      return 0
    }
    return await command.run(args)
  } catch (error) {
    process.stderr.write(`uvs ${name}: ${(error as Error).message.split('\n')[0]}\n`)
    return 1
  }
}

async function help(): Promise<string> {
  const lines = ['uvs: a userspace layer-4 load balancer that does what IPVS does', '']
  for (const load of Object.values(commands)) {
    const { usage, help: text } = await load()
    lines.push(`uvs ${usage.replace(/^uvs /, '')}`, ...text.split('\n').map(line => `    ${line}`), '')
  }
  lines.push("Rules are set with uvsadm, which takes ipvsadm's arguments.")
  return `${lines.join('\n')}\n`
}
