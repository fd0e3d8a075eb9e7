import { createHash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { connectControl } from '../../src/control/socket/client.js'
import { Ledger } from '../../netns-lab/ledger.js'
import { Namespaces } from '../../netns-lab/namespaces.js'
import { DIP, Lan, RS1, RS2, sooner, VIP, whyNoLan } from './lan.js'
import { unhooked } from './unhooked.js'

/* Programs of the director's own host are clients of its virtual services (LOCAL_OUT), beside the host's kernel. */

const LIP = '10.77.0.50'
const OCTETS = 30_000_000
/** Answers a GET with the file, a POST with the sum of what came. */
const SERVES = `const { createHash } = require('crypto')
require('http').createServer((asked, answer) => {
  if (asked.method === 'GET') return require('fs').createReadStream(process.argv[1]).pipe(answer)
  const sum = createHash('sha256')
  asked.on('data', some => sum.update(some)).on('end', () => answer.end(sum.digest('hex')))
}).listen(81)`
/** Says of every datagram how long it is. */
const MEASURES = `require('dgram').createSocket('udp4').on('message', function (octets, from) {
  this.send(String(octets.length), from.port, from.address)
}).bind(53)`
const SENDS = `const socket = require('dgram').createSocket('udp4')
socket.on('message', said => { console.log(String(said)); socket.close() }).send(Buffer.alloc(1000), 53, '${VIP}')
setTimeout(() => process.exit(1), 3000).unref()`

class Host extends Lan {
  readonly file: string
  readonly sum: string

  constructor(spaces: Namespaces, folder: string) {
    super(spaces)
    this.file = join(folder, 'octets')
    const octets = randomBytes(OCTETS)
    writeFileSync(this.file, octets)
    this.sum = createHash('sha256').update(octets).digest('hex')
  }

  override async build(): Promise<void> {
    await super.build()
    const { spaces } = this
    await spaces.ip('rs2', 'addr', 'del', `${VIP}/32`, 'dev', 'lo')
    await spaces.ip('rs2', 'route', 'add', '10.77.0.10/32', 'via', DIP)
    for (const name of ['rs1', 'rs2']) spaces.start(name, `${name}-bulk`, 'env', unhooked(['-e', SERVES, this.file]))
    spaces.start('rs1', 'rs1-measures', 'env', unhooked(['-e', MEASURES]))
    await sooner(async () => (await this.download('director', RS1)) === this.sum, 30_000)
    await sooner(async () => (await this.download('director', RS2)) === this.sum, 30_000)
    await sooner(async () => (await this.ask(`${VIP}:8080`, 'director')) === 'kernel', 30_000)
  }

  async download(from: string, at = VIP): Promise<string> {
    return this.#sh(from, `curl -s -m 60 http://${at}:81/ | sha256sum`)
  }
  async upload(from: string): Promise<string> {
    return this.#sh(from, `curl -s -m 60 -H Expect: --data-binary @${this.file} http://${VIP}:81/`)
  }
  /** Who has answered, of several requests. */
  async answerers(from: string): Promise<string[]> {
    const names: string[] = []
    for (let i = 0; i < 4; i++) names.push(await this.ask(`${VIP}:80`, from))
    return names.sort()
  }
  async serve(how: string): Promise<void> {
    for (const port of [80, 81]) {
      await this.admin('-A', '-t', `${VIP}:${port}`, '-s', 'rr')
      if (how === '-b') await this.admin('--add-laddr', '-z', LIP, '-t', `${VIP}:${port}`)
      for (const server of [RS1, RS2]) await this.admin('-a', '-t', `${VIP}:${port}`, '-r', `${server}:${port}`, how)
    }
  }
  /** How many connections a service has had, as soon as it says so many. */
  async counted(port: number, atLeast: number): Promise<number> {
    const control = connectControl(this.control)
    let conns = 0
    await sooner(async () => {
      const reply = await control.call({ op: 'services', service: { protocol: 'tcp', address: VIP, port } })
      if (!reply.ok) throw new Error(reply.message)
      conns = reply.value.rows[0]!.stats.conns
      return conns >= atLeast
    }, 30_000)
    control.close()
    return conns
  }
  async #sh(from: string, line: string): Promise<string> {
    return (await this.spaces.run(from, 'sh', ['-c', line])).out.split(' ')[0]!.trim()
  }
}

const TWICE_EACH = ['rs1', 'rs1', 'rs2', 'rs2']

const skip = await whyNoLan()
await t.test('programs of the host of a director are balanced', { skip, timeout: 300_000 }, async t => {
  const spaces = new Namespaces(await Ledger.open(`uvs-local-${process.pid}-`))
  t.teardown(() => spaces.ledger.remove())
  const lan = new Host(spaces, t.testdir({}))
  await lan.build()
  let director = await lan.start()
  t.notMatch(director.said(), /not balanced/)
  t.equal(await lan.ask(`${VIP}:80`, 'director'), 'kernel', 'without a service')

  for (const how of ['-m', '-b']) {
    await lan.serve(how)
    t.strictSame(await lan.answerers('director'), TWICE_EACH, `${how}: the host is served by both`)
    t.strictSame(await lan.answerers('client'), TWICE_EACH, `${how}: and so is another one`)
    t.equal(await lan.counted(80, 8), 8, `${how}: each is counted once`)
    t.equal(await lan.ask(`${VIP}:8080`, 'director'), 'kernel', `${how}: another port of the address`)
    t.equal(await lan.ask(`${DIP}:22`, 'director'), 'kernel', `${how}: another address`)
    t.equal(await lan.ask(`${RS1}:80`, 'director'), 'rs1', `${how}: a real server, asked by its own address`)
    const moved = [lan.upload('director'), lan.download('director'), lan.download('client'), lan.upload('client')]
    t.strictSame(await Promise.all(moved), Array(4).fill(lan.sum), `${how}: octets arrive as they were, all at once`)
    for (const port of [80, 81]) await lan.admin('-D', '-t', `${VIP}:${port}`)
  }
  t.equal(await lan.ask(`${VIP}:80`, 'director'), 'kernel', 'a service that is deleted')

  await lan.admin('-A', '-u', `${VIP}:53`)
  await lan.admin('-a', '-u', `${VIP}:53`, '-r', `${RS1}:53`, '-m')
  t.equal((await spaces.run('director', process.execPath, ['-e', SENDS])).out.trim(), '1000', 'a datagram')
  await lan.admin('-A', '-t', `${VIP}:80`, '-s', 'rr')
  t.equal(await lan.ask(`${VIP}:80`, 'director'), 'curl 7', 'no real server: the connection is refused at once')
  await lan.admin('-a', '-t', `${VIP}:80`, '-r', '127.0.0.1:80', '-g')
  t.equal(await lan.ask(`${VIP}:80`, 'director'), 'kernel', 'a local node')
  await lan.admin('-d', '-t', `${VIP}:80`, '-r', '127.0.0.1:80')
  await lan.admin('-a', '-t', `${VIP}:80`, '-r', `${RS1}:80`, '-m')
  t.equal(await lan.ask(`${VIP}:80`, 'director'), 'rs1')

  process.kill(director.pid, 'SIGKILL')
  await sooner(async () => (await lan.ask(`${VIP}:80`, 'director')) === 'kernel', 30_000)
  t.pass('after kill -9 the host asks itself again')
  director = await lan.start()
  t.notMatch(director.said(), /not balanced/, 'the next one has the loopback interface')
  await lan.serve('-m')
  t.strictSame(await lan.answerers('director'), TWICE_EACH)
  process.kill(director.pid, 'SIGTERM')
  await sooner(async () => (await lan.ask(`${VIP}:80`, 'director')) === 'kernel', 30_000)
  t.pass('after it was stopped')
})
