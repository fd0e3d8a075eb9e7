import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Control } from '../../control/api.js'
import { serveMetrics } from '../../control/metrics.js'
import { serveControl } from '../../control/server.js'
import { UsageError } from '../../director/options.js'
import { uvsadm } from '../uvsadm/run.js'
import type { UvsCommand } from './command.js'
import { flags, parseDirectorOptions, type DirectorCommand } from './director-options.js'
import { kernelSideNotes } from './kernel-side.js'

export const director: UvsCommand = {
  name: 'director',
  usage: 'director --raw IF[,IF] | --tap IF[,IF] --address ADDR/LEN@IF … [options]',
  help: [
    'Runs the data plane in the foreground until SIGINT or SIGTERM.',
    ...Object.entries(flags)
      .filter(([, flag]) => !flag.later)
      .map(([name, flag]) => `--${name} ${flag.value}`.padEnd(36) + flag.help + (flag.multiple ? ' (repeatable)' : '')),
  ].join('\n'),
  async run(args) {
    try {
      return await runDirector(parseDirectorOptions(args, randomBytes(4).readUInt32LE()))
    } catch (error) {
      complain((error as Error).message.split('\n')[0]!)
      return error instanceof UsageError ? 2 : 1
    }
  },
}

function complain(message: string): void {
  process.stderr.write(`uvs director: ${message}\n`)
}

interface Closable {
  close(): Promise<void>
}

/** Everything up, until a signal; then everything down, in the other order. */
async function runDirector(command: DirectorCommand): Promise<number> {
  const signalled = nextSignal()
  // Only here is native code needed: options and help must work without.
  const { DataPlane } = await import('../../control/data-plane.js')
  const dataPlane = await DataPlane.start(command, complain)
  const open: Closable[] = [{ close: () => dataPlane.stop() }]
  try {
    open.unshift(await serveControl(command.control, dataPlane))
    if (command.http) open.unshift(await serveMetrics(command.http, dataPlane))
    for (const rule of command.marks) await dataPlane.call({ op: 'add-mark', rule })
    if (command.rules !== undefined) await applyRules(command.rules, dataPlane)
    for (const note of kernelSideNotes(command)) complain(note)
    const devices = dataPlane.devices.map(({ name, mac, mtu }) => `${name} (${mac}, mtu ${mtu})`)
    process.stdout.write(`uvs director: ready on ${devices.join(', ')}; control socket ${command.control}\n`)
    await Promise.race([signalled, dataPlane.ended])
  } finally {
    for (const each of open) await each.close()
  }
  return 0
}

function nextSignal(): Promise<void> {
  return new Promise(resolve => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
}

/** Lines as `ipvsadm-save -n` writes them. The first that is refused ends the start. */
async function applyRules(file: string, control: Control): Promise<void> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(`--rules: cannot read ${file}: ${(error as NodeJS.ErrnoException).code}`)
  }
  for (const [i, line] of text.split('\n').entries()) {
    const words = line.trim().split(/\s+/)
    if (words[0] === '' || words[0]!.startsWith('#')) continue
    const { status, err } = await uvsadm(words, control)
    if (status !== 0) throw new UsageError(`--rules: ${file} line ${i + 1}: ${err.trim()}`)
  }
}
