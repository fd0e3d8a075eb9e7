import { readFileSync } from 'node:fs'
import t from 'tap'
import { connectControl } from '../../src/control/socket/client.js'
import { Ledger } from '../../netns-lab/ledger.js'
import { Namespaces } from '../../netns-lab/namespaces.js'
import { until } from '../../netns-lab/proc.js'
import { serviceSettings } from '../support/settings.js'
import { DIP, Lan, RS1, RS2, SESSIONS, sooner, VIP, whyNoLan } from './lan.js'
import { unhooked } from './unhooked.js'

const SERVICE = { protocol: 'tcp', address: VIP, port: 80 } as const
const SETTINGS = ['-A', '-t', `${VIP}:80`, '-s', 'rr']

/** Says of every datagram how long it is. */
const MEASURES = `require('dgram').createSocket('udp4').on('message', function (octets, from) {
  this.send(String(octets.length), from.port, from.address)
}).bind(53, '${VIP}')`
/** Sends a datagram of 4000 octets, in fragments, and says what came back. */
const SENDS = `const socket = require('dgram').createSocket('udp4')
socket.on('message', said => { console.log(String(said)); socket.close() }).send(Buffer.alloc(4000), 53, '${VIP}')
setTimeout(() => process.exit(1), 3000).unref()`

const skip = await whyNoLan()
await t.test('beside the kernel of a host with one NIC', { skip, timeout: 400_000 }, async t => {
  const lan = new Lan(new Namespaces(await Ledger.open(`uvs-beside-${process.pid}-`)))
  const { spaces } = lan
  t.teardown(() => spaces.ledger.remove())
  await lan.build()
  await sooner(async () => (await lan.ask(`${VIP}:8080`)) === 'kernel', 30_000)
  const keep = [SESSIONS, `${DIP}:23`, `${VIP}:23`]
  const sessions = spaces.start('client', 'sessions', 'env', unhooked(keep))
  const kept = (): string => readFileSync(sessions.log, 'utf8')
  /** Both sessions have gone on since. */
  const goOn = async (when: string): Promise<void> => {
    const before = kept().length
    const doGoOn = await until(() => [DIP, VIP].every(at => kept().slice(before).includes(`KEPT ${at}:23`)), 30_000)
    t.ok(doGoOn, `the kernel's sessions go on, ${when}`)
    t.notMatch(kept(), /LOST/, `the kernel's sessions, ${when}`)
  }
  const kernelAnswers = async (when: string): Promise<void> => {
    for (const at of [`${DIP}:22`, `${VIP}:22`, `${VIP}:8080`]) t.equal(await lan.ask(at), 'kernel', `${at}, ${when}`)
    await goOn(when)
  }
  await goOn('before there is a director')

  let director = await lan.start()
  t.match(director.said(), /ready on eth0 \(.*, beside the kernel\)/)
  t.equal(await lan.ask(`${VIP}:80`), 'kernel', 'without a service')
  await lan.admin(...SETTINGS)
  await lan.admin('-a', '-t', `${VIP}:80`, '-r', `${RS1}:80`, '-m')
  await lan.admin('-a', '-t', `${VIP}:80`, '-r', `${RS2}:80`, '-g')
  t.strictSame(await lan.askTimes(10, `${VIP}:80`), { rs1: 5, rs2: 5 }, 'with one')
  await kernelAnswers('while it balances')
  t.equal(await lan.ask(`${RS1}:80`, 'director'), 'rs1', 'the director asks a real server')
  await spaces.must('director', 'sysctl', [
    '-qw',
    'net.ipv4.ip_forward=1',
    'net.ipv4.conf.eth0.send_redirects=0',
    'net.ipv4.conf.all.send_redirects=0',
  ])
  await spaces.ip('client', 'route', 'add', `${RS1}/32`, 'via', DIP)
  t.equal(await lan.ask(`${RS1}:80`), 'rs1', 'the kernel routes to a real server')

  const control = connectControl(lan.control)
  for (let i = 0; i < 100; i++) {
    const service = { ...SERVICE, port: 1000 + i }
    const made = await control.call({ op: 'add-service', service, settings: serviceSettings('rr') })
    t.ok(made.ok, JSON.stringify(made))
  }
  control.close()
  process.kill(director.pid, 'SIGHUP')
  await kernelAnswers('after 100 changes and a reload')

  await lan.admin('-D', '-t', `${VIP}:80`)
  t.equal(await lan.ask(`${VIP}:80`), 'kernel', 'a service that is deleted')
  await lan.admin(...SETTINGS)
  await lan.admin('-a', '-t', `${VIP}:80`, '-r', '127.0.0.1:80', '-g')
  t.equal(await lan.ask(`${VIP}:80`), 'kernel', 'a local node')
  await t.rejects(lan.admin('-a', '-t', `${VIP}:80`, '-r', `${DIP}:8080`, '-m'), /10\.77\.0\.1 is this host: .* by -g/)
  await lan.admin('-d', '-t', `${VIP}:80`, '-r', '127.0.0.1:80')
  await lan.admin('-A', '-u', `${VIP}:53`)
  await lan.admin('-a', '-u', `${VIP}:53`, '-r', '127.0.0.1:53', '-g')
  spaces.start('director', 'measures', process.execPath, ['-e', MEASURES])
  const send = async (): Promise<boolean> =>
    (await spaces.run('client', process.execPath, ['-e', SENDS])).out.trim() === '4000'
  await t.resolves(sooner(send, 60_000), 'a datagram larger than the MTU reaches a local node')
  await lan.admin('-D', '-u', `${VIP}:53`)
  await lan.admin('-a', '-t', `${VIP}:80`, '-r', `${RS1}:80`, '-m')

  for (let flaps = 0; flaps < 20; flaps++)
    for (const way of ['down', 'up']) await spaces.ip('director', 'link', 'set', 'eth0', way)
  await t.resolves(lan.resumes(), 'the link flaps')
  await kernelAnswers('after the link has flapped')
  await spaces.ip('director', 'link', 'set', 'eth0', 'down')
  await spaces.ip('director', 'link', 'set', 'eth0', 'name', 'lan0')
  await spaces.ip('director', 'link', 'set', 'lan0', 'up')
  await t.resolves(lan.resumes(), 'renamed')
  await spaces.ip('director', 'link', 'del', 'lan0')
  t.ok(await until(() => director.said().includes('lan0 is gone'), 30_000))
  await spaces.cable('director', 'lan0', 'wire', 'to-director')
  await spaces.ip('wire', 'link', 'set', 'to-director', 'master', 'br0')
  await spaces.ip('director', 'addr', 'add', `${DIP}/24`, 'dev', 'lan0')
  await t.resolves(lan.resumes(), 'deleted and made again')
  t.ok(await until(() => director.said().includes('lan0 is back'), 30_000))
  await kernelAnswers('after the interface was made again')

  process.kill(director.pid, 'SIGKILL')
  await sooner(async () => (await lan.ask(`${VIP}:80`)) === 'kernel', 30_000)
  await kernelAnswers('after kill -9')
  director = await lan.start('lan0')
  t.match(director.said(), /beside the kernel/, 'another one starts where one was killed')
  process.kill(director.pid, 'SIGTERM')
  await sooner(async () => (await lan.ask(`${VIP}:80`)) === 'kernel', 30_000)
  await kernelAnswers('after it was stopped')
})
