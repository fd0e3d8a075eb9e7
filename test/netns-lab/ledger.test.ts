import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import { natPlan } from '../../native-free/lab-plan.js'
import { Ledger, namespacesOf } from '../../netns-lab/ledger.js'
import { Namespaces } from '../../netns-lab/namespaces.js'
import { NetnsLab } from '../../netns-lab/netns-lab.js'
import { end, identify, isAlive, must, run, until } from '../../netns-lab/proc.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { ours } from '../../netns-lab/tools.js'

const skip = (await whyNoNamespaces()) ?? false
const prefixOf = (what: string): string => `uvs-t-${what}-${process.pid}-`

/** Waits until a process that is started by `ip netns exec` is in its namespace. */
async function isIn(space: string, pid: number): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    if ((await must('ip', ['netns', 'pids', space])).split('\n').includes(String(pid))) return
  }
  throw new Error(`process ${pid} does not come into ${space}`)
}

t.test('a process is known by its pid and start', async t => {
  const child = spawn('sleep', ['60'])
  const id = identify(child.pid!)!
  t.ok(isAlive(id))
  t.notOk(isAlive({ ...id, start: '1' }), 'another process had the number')
  await end([{ ...id, start: '1' }], 20)
  t.ok(isAlive(id), 'and is not taken for it')
  await end([id])
  t.notOk(isAlive(id))
  t.equal(identify(child.pid!), undefined)
})

t.test('who does not end on SIGTERM is killed', async t => {
  const child = spawn('sh', ['-c', 'trap "" TERM; echo ready; while :; do sleep 0.1; done'])
  await new Promise(resolve => child.stdout.once('data', resolve))
  const id = identify(child.pid!)!
  await end([id], 100)
  t.notOk(isAlive(id))
})

t.test('a command has bounded time, and can be stopped', async t => {
  t.match(await run('sleep', ['60'], { timeoutMs: 50 }), { status: null })
  await t.rejects(must('sh', ['-c', 'echo why >&2; exit 3']), { message: 'sh -c echo why >&2; exit 3: status 3: why' })
  await t.rejects(run('no-such-program', []), { code: /^(ENOENT|EACCES)$/ })
  const stop = new AbortController()
  const stopped = run('sleep', ['60'], { signal: stop.signal })
  stop.abort()
  await t.rejects(stopped, { name: 'AbortError' })
})

t.test('a lab goes away whole, processes and files too', { skip }, async t => {
  const prefix = prefixOf('whole')
  const lab = await NetnsLab.build({ prefix, plan: natPlan, io: 'tap', web: { node: true } })
  const servers = [...lab.servers.values()].map(({ pid }) => identify(pid)!)
  t.equal((await namespacesOf(prefix)).length, 5)
  t.ok(servers.every(isAlive))
  await t.rejects(Ledger.open(prefix), { message: `process ${process.pid} is running it` })
  await lab.remove()
  t.strictSame(await namespacesOf(prefix), [])
  t.notOk(servers.some(isAlive))
  t.notOk(existsSync(lab.spaces.ledger.dir))
  await lab.remove()
})

t.test('a process without our mark whose leader was killed goes away too', { skip }, async t => {
  const spaces = new Namespaces(await Ledger.open(prefixOf('group')))
  await spaces.add('x')
  const { pid, log } = spaces.start('x', 'leader', 'sh', ['-c', 'env -i sleep 60 & echo $!; wait'])
  const said = (): string => readFileSync(log, 'utf8').trim()
  t.ok(await until(() => said() !== '', 30_000))
  const worker = identify(Number(said()))!
  process.kill(pid, 'SIGKILL')
  t.ok(isAlive(worker))
  await spaces.ledger.remove()
  t.notOk(isAlive(worker))
})

t.test('a lab that cannot be finished leaves nothing', { skip }, async t => {
  const prefix = prefixOf('half')
  const plan = {
    ...natPlan,
    servers: [...natPlan.servers, { ...natPlan.servers[0]!, name: 'rs3', gateway: '1.2.3.4' }],
  }
  await t.rejects(NetnsLab.build({ prefix, plan, io: 'raw' }), /1\.2\.3\.4/)
  t.strictSame(await namespacesOf(prefix), [])
  t.equal(Ledger.find(prefix), undefined)
})

t.test('what a killed run has left is removed by the next', { skip }, async t => {
  const prefix = prefixOf('killed')
  const program = `
    const { NetnsLab } = await import('${ours('netns-lab/netns-lab.js')}')
    const { natPlan } = await import('${ours('native-free/lab-plan.js')}')
    await NetnsLab.build({ prefix: '${prefix}', plan: natPlan, io: 'raw', web: { node: true } })
    console.log('built')
    setInterval(() => {}, 60_000)`
  const builder = spawn(process.execPath, ['--input-type=module', '-e', program])
  await new Promise(resolve => builder.stdout.once('data', resolve))
  t.equal((await namespacesOf(prefix)).length, 5)
  const pids = await must('ip', ['netns', 'pids', `${prefix}rs1`])
  const server = identify(Number(pids.trim()))!
  const guest = spawn('ip', ['netns', 'exec', `${prefix}client`, 'sleep', '60'])
  await isIn(`${prefix}client`, guest.pid!)
  // From here on the sweep of any other test may be faster than ours.
  builder.kill('SIGKILL')
  await new Promise(resolve => builder.once('exit', resolve))

  await Ledger.sweep()
  t.strictSame(await namespacesOf(prefix), [])
  t.notOk(isAlive(server))
  t.ok(isAlive(identify(guest.pid!)!), 'a process that is not the lab’s lives on')
  guest.kill()
})

t.test('namespaces of a lost ledger are removed, with the processes that bear its mark', { skip }, async t => {
  const prefix = prefixOf('lost')
  const others = `${prefix}others`
  await must('ip', ['netns', 'add', others])
  t.teardown(() => must('ip', ['netns', 'delete', others]))
  await must('ip', ['netns', 'add', `${prefix}client`])
  const marked = spawn('ip', ['netns', 'exec', `${prefix}client`, 'sleep', '60'], {
    env: { ...process.env, UVS_LAB: prefix },
  })
  await isIn(`${prefix}client`, marked.pid!)
  const id = identify(marked.pid!)!
  const ledger = await Ledger.open(prefix)
  t.strictSame(await namespacesOf(prefix), [others], 'what only begins so is left')
  t.notOk(isAlive(id))
  await ledger.remove()
})

t.test('a lab made again under its name is not swept by who saw the one before it go', { skip }, async t => {
  const prefix = prefixOf('again')
  const sweeping = `
    const { Ledger } = await import('${ours('netns-lab/ledger.js')}')
    for (;;) await Ledger.sweep()`
  const sweepers = [1, 2].map(() => spawn(process.execPath, ['--input-type=module', '-e', sweeping]))
  t.teardown(() => sweepers.forEach(sweeper => sweeper.kill('SIGKILL')))
  for (let times = 0; times < 50; times++) {
    const ledger = await Ledger.open(prefix)
    ledger.addSpace('client')
    await run('sleep', ['0.01'])
    t.ok(existsSync(ledger.dir))
    await ledger.remove()
  }
})

t.test('where no lab has ever been, down has nothing to do', { skip }, async t => {
  const script = `mount -t tmpfs -o mode=755 none /run && ${process.execPath} ${ours('src/cli/uvs/main.js')} lab down`
  t.match(await run('unshare', ['--net', '--mount', 'sh', '-c', script]), { status: 0, err: '' })
})

t.test('ledgers that others may have put there are not believed', { skip }, async t => {
  const lab = `${process.execPath} ${ours('src/cli/uvs/main.js')} lab`
  for (const [spoil, why] of [
    ['chmod 777', 'can be written by others (mode 0777), who may replace what is in it'],
    ['chown 65534', 'belongs to user 65534, who may replace what is in it'],
  ])
    for (const verb of ['down', 'up nat']) {
      const script = `mount -t tmpfs -o mode=755 none /run && mkdir -m 700 /run/uvs-lab && ${spoil} /run/uvs-lab && ${lab} ${verb}`
      const { status, out, err } = await run('unshare', ['--net', '--mount', 'sh', '-c', script])
      t.match([status, out, err], [1, '', `uvs lab: /run/uvs-lab ${why}`], `${spoil}: ${verb}`)
      t.equal(err.split('\n').length, 2, 'one line')
    }
})
