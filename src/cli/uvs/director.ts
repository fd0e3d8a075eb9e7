import { randomBytes } from 'node:crypto'
import type { Control } from '../../control/api.js'
import { CountedControl } from '../../control/counted-control.js'
import { serveHttp } from '../../control/http.js'
import { Metrics } from '../../control/metrics.js'
import { RulesLoads } from '../../control/rules-loads.js'
import { serveControl } from '../../control/server.js'
import { UsageError } from '../../director/options.js'
import { uvsadm } from '../uvsadm/run.js'
import type { UvsCommand } from './command.js'
import { DIRECTOR_FORMS, parseDirectorOptions, type DirectorCommand } from './director-options.js'
import { kernelSideNotes } from './kernel-side.js'
import { readRules, type RuleLine } from './rules-file.js'
import { complain as complainOf } from './run-uvs.js'

export const director: UvsCommand = {
  name: 'director',
  help: 'Runs the data plane in the foreground until SIGINT or SIGTERM.',
  forms: DIRECTOR_FORMS,
  async run(args) {
    return runDirector(parseDirectorOptions(args, randomBytes(4).readUInt32LE()))
  },
}

const complain = (message: string): void => complainOf('director', message)

interface Closable {
  close(): Promise<void>
}

/** Everything up, until a signal; then everything down, in the other order. */
async function runDirector(command: DirectorCommand): Promise<number> {
  const rules = command.rules === undefined ? [] : readRules(command.rules) // may wait for a pipe: before all else
  const signalled = nextSignal()
  // Only here is native code needed: options and help must work without.
  const { DataPlane } = await import('../../control/data-plane.js')
  const dataPlane = await DataPlane.start(command, complain)
  const open: Closable[] = [{ close: () => dataPlane.stop() }]
  try {
    const asked = new CountedControl(dataPlane)
    const rulesLoads = new RulesLoads()
    open.unshift(await serveControl(command.control, asked))
    if (command.http) {
      const sources = { control: dataPlane, requests: asked.counts, rules: rulesLoads, thread: dataPlane.thread }
      open.unshift(await serveHttp(command.http, dataPlane, new Metrics(sources)))
    }
    for (const rule of command.marks) await dataPlane.call({ op: 'add-mark', rule })
    await applyRules(rules, dataPlane)
    if (command.rules !== undefined) rulesLoads.record(true, Date.now() / 1000)
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

/** The first line that is refused ends the start. */
async function applyRules(rules: readonly RuleLine[], control: Control): Promise<void> {
  for (const { words, place } of rules) {
    const { status, out, err } = await uvsadm(words, control)
    if (status !== 0) throw new UsageError(`--rules: ${place}: ${err.trim()}`)
    if (out !== '') throw new UsageError(`--rules: ${place}: '${words[0]}' sets nothing: it is no rule`)
  }
}
