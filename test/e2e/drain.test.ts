import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { LAB_MODES, type LabMode } from '../../native-free/lab-plan.js'
import { NetnsLab } from '../../netns-lab/netns-lab.js'
import { PLANS } from '../../netns-lab/plans.js'
import { run, until } from '../../netns-lab/proc.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { ours } from '../../netns-lab/tools.js'
import { startWithRules } from './end-to-end.js'
import { unhooked } from './unhooked.js'

const PROGRAM = join(dirname(fileURLToPath(import.meta.url)), 'drain-end.js')
const PORT = 9000
const METHOD: Record<LabMode, string> = { nat: '-m', dr: '-g', tun: '-i', fullnat: '-b' }
const SOON_MS = 60_000
/** That nothing comes is seen by waiting. */
const QUIET_MS = 1000

/** Real TCP connections, reset by a drain: who learns of it, and when (docs/drain.md). */
const skip = (await whyNoNamespaces()) ?? false
for (const mode of LAB_MODES)
  await t.test(`uvs drain --then reset, ${mode}`, { skip, timeout: 230_000 }, async t => {
    const plan = PLANS[mode]
    const lab = await NetnsLab.build({ prefix: `uvs-drain-${mode}-${process.pid}-`, plan, io: 'raw' })
    t.teardown(() => lab.remove())
    const server = plan.servers[0]!
    const rip = server.address.split('/')[0]!
    const service = ['-t', `${plan.vip}:${PORT}`]
    const director = await startWithRules(lab, [
      ['-A', ...service, '-s', 'rr'],
      ...plan.localAddresses.map(address => ['--add-laddr', '-z', address, ...service]),
      ['-a', ...service, '-r', `${rip}:${PORT}`, METHOD[mode], '-w', '3'],
    ])
    const start = (space: string, what: string, ...words: string[]) => {
      const { pid, log } = lab.spaces.start(space, what, 'env', unhooked([PROGRAM, ...words]))
      const said = (): string => readFileSync(log, 'utf8')
      return {
        said,
        send: () => process.kill(pid, 'SIGUSR2'),
        says: (text: string) => until(() => said().includes(text), SOON_MS),
      }
    }
    /** A server and a client of its own, connected, then drained. */
    const reset = async (): Promise<{ client: ReturnType<typeof start>; real: ReturnType<typeof start> }> => {
      const client = start('client', `client-${++clients}`, 'connect', plan.vip, String(PORT))
      t.ok(await client.says('open'))
      client.send()
      t.ok(await until(() => real.said().split('got 1').length > clients, SOON_MS))
      const args = ['drain', ...service, '-r', rip, '--deadline', '1', '--then', 'reset', '--control', director.control]
      const { status, out } = await run(process.execPath, [ours('src/cli/uvs/main.js'), ...args])
      t.equal(status, 0)
      t.match(out, 'ended 1 connections and 0 persistence templates')
      t.match((await director.admin(['-Ln'])).out, /  -> \S+ +\w+ +0 +0 +0 /)
      return { client, real }
    }
    let clients = 0
    const real = start(server.name, 'drained', 'serve', String(PORT))
    t.ok(await real.says('ready'))

    const first = await reset()
    first.client.send()
    t.ok(await first.client.says('error ECONNRESET'), 'a client that sends is reset')
    first.real.send()
    const learnsAtOnce = mode === 'nat' || mode === 'fullnat'
    if (learnsAtOnce) await real.says('error ECONNRESET')
    else await new Promise(resolve => setTimeout(resolve, QUIET_MS))
    t.equal(real.said().includes('error'), learnsAtOnce, 'the real server, where it can be told')

    await director.admin(['-e', ...service, '-r', `${rip}:${PORT}`, METHOD[mode], '-w', '3'])
    const second = await reset()
    second.real.send()
    if (learnsAtOnce) {
      t.ok(await until(() => real.said().split('error ECONNRESET').length === 3, SOON_MS), 'it is reset')
      t.notMatch(second.client.said(), 'error', 'a real server that sends first is reset; its client learns later')
    } else {
      // Where the RST comes while the octet is read, Node says that the connection has ended; the server has not ended it.
      const isReset = (): boolean => /got 1\n(error ECONNRESET|end)/.test(second.client.said())
      t.ok(await until(isReset, SOON_MS), 'a client that acknowledges what its server sends is reset')
    }
  })
