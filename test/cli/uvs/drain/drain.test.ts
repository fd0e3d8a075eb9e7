import t from 'tap'
import { drainServer } from '../../../../src/cli/uvs/drain/drain.js'
import type {
  Control,
  DestinationInfo,
  OperationName,
  Reply,
  Request,
  ServiceKey,
} from '../../../../src/control/protocol/api.js'
import { parseDrain } from '../../../../src/cli/uvs/drain/drain-options.js'
import { UsageError } from '../../../../src/director/options.js'
import { Unreachable } from '../../../../src/control/socket/client.js'
import { serveControl } from '../../../../src/control/socket/server.js'
import { CLIENT, RS, Scene } from '../../../director/scene.js'
import { endpoint, VIP } from '../../../support/bench-director.js'
import { fakeNames } from '../../../support/names.js'
import { runCommand } from '../../../support/run-command.js'
import { destinationSettings, serviceSettings } from '../../../support/settings.js'
import { SimulatedFlows } from '../../../support/simulated-flows.js'
import { tempDir } from '../../../support/temp.js'

const TCP = `tcp ${VIP}:80`
const [A, B] = [`${RS[0]}:80`, `${RS[1]}:80`]
const WORDS = `-t ${VIP}:80 -r ${A}`

interface Drained {
  status: number
  out: string
  err: string
  /** Seconds that it took. */
  took: number
}
interface Meanwhile {
  columns?: number
  control?: Control
  /** Told of each second that passes. */
  each?(second: number, stop: AbortController): void
}

/** Drains on a director whose clock goes on while the command waits. */
async function drained(scene: Scene, text: string, { columns, control, each }: Meanwhile = {}): Promise<Drained> {
  let [out, second] = ['', 0]
  const begin = scene.now
  const stop = new AbortController()
  const world = {
    now: () => scene.now / 1000,
    wait: async (seconds: number) => {
      scene.run(seconds * 1000)
      each?.(++second, stop)
    },
    output: { write: (more: string) => void (out += more), columns },
    names: fakeNames(),
  }
  const took = (): number => (scene.now - begin) / 1000
  try {
    const status = await drainServer(parseDrain(text.split(' ')), control ?? scene.control, world, stop.signal)
    return { status, out, err: '', took: took() }
  } catch (error) {
    if (error instanceof TypeError) throw error
    return { status: error instanceof UsageError ? 2 : 1, out, err: (error as Error).message, took: took() }
  }
}

/** A service over A and B, two connections each. */
function busy(service = TCP, settings = {}, options = {}): { scene: Scene; key: ServiceKey } {
  const scene = new Scene(options)
  const key = scene.service(service, settings, `${A} 3 20 10`, `${B} 1`)
  for (let port = 1; port <= 4; port++) scene.connect(`${CLIENT}:${port}`)
  return { scene, key }
}
function serverOf(scene: Scene, key: ServiceKey, at = A): DestinationInfo {
  const services = scene.ask({ op: 'services', service: key })
  if (typeof services === 'string') throw new Error(services)
  const { address, port } = endpoint(at)
  return services.rows[0]!.destinations.find(dest => dest.address === address && dest.port === port)!
}
const UNDO = `its weight stays 0; to put it back: uvsadm -e ${WORDS} -m -w 3 -x 20 -y 10\n`

t.test('it ends as soon as the last connection has; the other settings stay', async t => {
  const { scene, key } = busy()
  const result = await drained(scene, `${WORDS} --deadline 1h`, {
    each(second) {
      if (second === 5) for (const port of [2, 4]) scene.tcp(`${CLIENT}:${port}`, undefined, 'R')
    },
  })
  t.strictSame(result, {
    status: 0,
    took: 15,
    err: '',
    out: [
      `${WORDS}: weight 3 → 0; what remains after 60 min is left as it is`,
      '0 s: 2 active, 0 inactive left: no estimate yet; deadline in 60 min',
      '10 s: 0 active, 2 inactive left: not before the deadline; deadline in 60 min',
      'no connection is left',
      UNDO,
    ].join('\n'),
  })
  t.match(serverOf(scene, key), { weight: 0, method: 'masq', upperThreshold: 20, lowerThreshold: 10 })
})

t.test('what a program forwards meanwhile is counted as ever, and ends with the drain', async t => {
  const program = new SimulatedFlows(64)
  const [offloaded, whole] = [await talkedWhileDrained({ offload: program }), await talkedWhileDrained({})]
  t.strictSame(offloaded, whole)
  t.match(offloaded.out, 'ended 2 connections and 0 persistence templates')
  // Two clients: SYN and ACK, 3 packets each before, 50 while it drained.
  t.match(offloaded.seen.at(-1), { inPkts: 2 * (2 + 3 + 50), outPkts: 2 * (1 + 3 + 50), activeConns: 0 })
  t.ok(program.forwarded > 400, `${program.forwarded} of 424 by the program`)
  t.equal(program.flows.size, 4, 'the other server keeps its two connections')
})
/** What is listed of A each second while it drains and its clients talk on, and after the next tick of the counters. */
async function talkedWhileDrained(options: object): Promise<{ out: string; seen: object[] }> {
  const { scene, key } = busy(TCP, {}, options)
  const seen: object[] = []
  const look = (): void => {
    const { stats, activeConns } = serverOf(scene, key)
    seen.push({ ...stats, activeConns })
  }
  const talk = (): void => {
    for (let port = 1; port <= 4; port++) {
      const server = scene.tcp(`${CLIENT}:${port}`, undefined, 'PA')
      scene.tcpAnswer(server, `${CLIENT}:${port}`, 'PA')
    }
  }
  for (let i = 0; i < 3; i++) talk()
  const { out } = await drained(scene, `${WORDS} --deadline 5 --then reset`, {
    each() {
      for (let i = 0; i < 10; i++) talk()
      look()
    },
  })
  scene.run(2500)
  look()
  return { out, seen }
}

t.test('a tunnel stays the tunnel it was', async t => {
  const scene = new Scene()
  const key = scene.service(TCP)
  const tunnel = { type: 'gue', port: 6080, checksum: 'remote' } as const
  const settings = destinationSettings(2, { method: 'tunnel', tunnel })
  scene.must({ op: 'add-destination', service: key, destination: endpoint(A), settings })
  const { status, out } = await drained(scene, WORDS)
  t.equal(status, 0)
  t.match(out, `uvsadm -e ${WORDS} -i -w 2 --tun-type gue --tun-port 6080 --tun-remcsum\n`)
  t.match(serverOf(scene, key), { weight: 0, method: 'tunnel', tunnel })
})

t.test('IPv6: what is said can be typed', async t => {
  const named: [service: ServiceKey, words: string, meant: string][] = [
    [{ protocol: 'tcp', address: '2001:db8::1', port: 80 }, '-t [2001:DB8:0::1]:80', '-t [2001:db8::1]:80'],
    [{ mark: 7, family: 6 }, '-f 7 -6', '-f 7 -6'],
  ]
  for (const [service, words, meant] of named) {
    const scene = new Scene()
    const destination = { address: '2001:db8::2', port: 80 }
    scene.must({ op: 'add-service', service, settings: serviceSettings('rr', { netmask: '128' }) })
    scene.must({ op: 'add-destination', service, destination, settings: destinationSettings(2) })
    const { status, out } = await drained(scene, `${words} -r [2001:DB8::2]:80`)
    t.equal(status, 0, words)
    t.match(out, `to put it back: uvsadm -e ${meant} -r [2001:db8::2]:80 -m -w 2\n`)
    t.match((await drained(scene, `${words} -r [2001:db8::3]:80`)).err, ': it has [2001:db8::2]:80')
  }
})

t.test('at the deadline: keep leaves what remains', async t => {
  const { scene, key } = busy()
  const { status, out, took } = await drained(scene, `${VIP}:80 ${RS[0]} --deadline 3`)
  t.strictSame([status, took], [0, 3])
  t.ok(out.endsWith(`the deadline has come: 2 active, 0 inactive left, and left alone\n${UNDO}`), out)
  t.equal(scene.counts(key, A), '2–0')
})

t.test('at the deadline: reset ends what remains, and the templates', async t => {
  const { scene, key } = busy(TCP, { persistence: 300 })
  const server = scene.connect('10.99.1.11:1')
  t.equal(server, A)
  const result = await drained(scene, `${WORDS} --deadline 2 --then reset`)
  t.strictSame(result, {
    status: 0,
    took: 2,
    err: '',
    out: [
      `${WORDS}: weight 3 → 0; what remains after 2 s is ended`,
      'its clients are persistent: one that comes back within 5 min still comes here (unless: uvs sysctl expire_quiescent_template=1)',
      '0 s: 1 active, 0 inactive, 1 persistent left: no estimate yet; deadline in 2 s',
      'the deadline has come: ended 1 connections and 1 persistence templates',
      UNDO,
    ].join('\n'),
  })
  t.equal(scene.counts(key, A), '0–0')
  t.equal(scene.connect('10.99.1.11:2'), B)
})

t.test('templates are waited for, unless expire_quiescent_template makes them nothing', async t => {
  for (const expire of [0, 1]) {
    const scene = new Scene()
    scene.service(TCP, { persistence: 20 }, `${A} 3 20 10`)
    scene.tcp(`${CLIENT}:1`)
    scene.tcp(`${CLIENT}:1`, undefined, 'A')
    scene.tcpAnswer(A, `${CLIENT}:1`, 'R')
    scene.sysctl('expire_quiescent_template', expire)
    const { status, out, took } = await drained(scene, `${WORDS} --deadline 5m`)
    t.equal(status, 0)
    t.equal(took, expire ? 10 : 20, out)
    t.equal(out.includes('its clients are persistent'), !expire)
  }
})

t.test('how fast they go, and when none will be left', async t => {
  const scene = new Scene()
  scene.service(`udp ${VIP}:53`, {}, `${RS[0]}:53`)
  for (let i = 0; i < 60; i++) {
    scene.udp(`${CLIENT}:${1000 + i}`)
    scene.run(1000)
  }
  scene.run(235_000)
  const { out, status } = await drained(scene, `-u ${VIP}:53 -r ${RS[0]}:53 --deadline 2m`)
  t.equal(status, 0)
  t.match(out, /\n10 s: 0 active, 5. inactive left, 0\.\d+ go a second: none in about \d\d s; deadline in 2 min\n/)
  t.match(out, /\n60 s: 0 active, 4 inactive left, 1\.0 go a second: none in about 4 s; deadline in 60 s\n/)
})

t.test('on a terminal one line is redrawn, no wider than that', async t => {
  const { scene } = busy()
  const { out } = await drained(scene, `${WORDS} --deadline 2`, { columns: 40 })
  const [first, ...rest] = out.split('\r\x1b[K')
  t.equal(first, `${WORDS}: weight 3 → 0; what remains after 2 s is left as it is\n`)
  t.equal(rest.length, 3)
  t.ok(rest.every(line => line.split('\n')[0]!.length <= 39))
  t.match(rest[1], /^1 s: 2 active, 0 inactive left/)
  t.match(rest[2], /\nthe deadline has come/)
})

t.test('--json: an object a line', async t => {
  const { scene } = busy()
  const { out, status } = await drained(scene, `${WORDS} --deadline 2 --then reset --json`)
  const lines = out.trim().split('\n')
  const at = { active: 2, inactive: 0, persistent: 0, perSecond: null, estimate: null }
  t.strictSame(
    lines.map(line => JSON.parse(line) as unknown),
    [
      { state: 'draining', seconds: 0, deadline: 2, ...at },
      {
        state: 'reset',
        status: 0,
        message: 'the deadline has come: ended 2 connections and 0 persistence templates',
        ended: { connections: 2, templates: 0 },
        undo: `uvsadm -e ${WORDS} -m -w 3 -x 20 -y 10`,
        seconds: 2,
        deadline: 0,
        ...at,
        active: 0,
      },
    ],
  )
  t.equal(status, 0)
})

t.test('weight 0 already: nothing is edited, and there is nothing to undo', async t => {
  const { scene, key } = busy()
  scene.editServer(key, `${A} 0`)
  const { out, status } = await drained(scene, `${WORDS} --deadline 1`)
  t.equal(status, 0)
  t.match(out, 'weight 0 already')
  t.notMatch(out, 'put it back')
})

t.test('what others do meanwhile ends it, status 1, and nothing is reset', async t => {
  const known: [what: string, does: (scene: Scene, key: ServiceKey) => void, said: RegExp][] = [
    [
      'weight',
      (scene, key) => scene.editServer(key, `${A} 5`),
      /stopped: somebody has set the weight to 5 again; nothing was ended\n$/,
    ],
    [
      'server',
      (scene, key) => scene.deleteServer(key, A),
      /stopped: somebody has deleted the real server; its connections were not ended\n$/,
    ],
    [
      'service',
      (scene, service) => scene.must({ op: 'delete-service', service }),
      /stopped: the service -t .*:80 has been deleted; its/,
    ],
  ]
  for (const [what, does, said] of known) {
    const { scene, key } = busy()
    const result = await drained(scene, `${WORDS} --deadline 5 --then reset`, {
      each: second => void (second === 2 && does(scene, key)),
    })
    t.match(result, { status: 1, out: said, took: 2 }, what)
    t.equal(scene.connections().length, 4)
  }
})

t.test('a method that others change meanwhile is left to them', async t => {
  const { scene, key } = busy()
  const settings = destinationSettings(0, { method: 'direct' })
  const { status } = await drained(scene, `${WORDS} --deadline 3`, {
    each: () => scene.must({ op: 'edit-destination', service: key, destination: endpoint(A), settings }),
  })
  t.equal(status, 0)
  t.match(serverOf(scene, key), { method: 'direct', weight: 0 })
})

/** A director that refuses, or is gone, from the nth call of an operation on. */
function failing(control: Control, op: OperationName, from: number, how: Error | string): Control {
  let calls = 0
  return {
    async call<O extends OperationName>(request: Request<O>): Promise<Reply<O>> {
      if (request.op !== op || ++calls < from) return control.call(request)
      if (typeof how !== 'string') throw how
      return { ok: false, refusal: 'EPROTO', message: how }
    },
  }
}

t.test('a director that goes, or refuses, while it drains: one line, status 1', async t => {
  const hungUp = new Unreachable('the director hung up')
  const known: [op: OperationName, from: number, how: Error | string, said: string][] = [
    ['services', 4, hungUp, 'stopped: the director hung up'],
    ['services', 4, 'no', 'stopped: no'],
    ['end-connections', 1, 'no', 'stopped: ended 0 connections, then: no'],
    ['sysctls', 2, 'no', 'stopped: no'],
  ]
  for (const [op, from, how, said] of known) {
    const { scene } = busy(TCP, { persistence: 300 })
    scene.connect('10.99.1.11:1')
    const control = failing(scene.control, op, from, how)
    const result = await drained(scene, `${WORDS} --deadline 3 --then reset`, { control })
    t.match(result, { status: 1, err: '' }, op)
    t.ok(result.out.endsWith(`${said}\n${UNDO}`), result.out)
  }
})

t.test('refused before anything was changed: one line on standard error', async t => {
  const known: [words: string, status: number, err: string][] = [
    [`-t ${VIP}:81 -r ${A}`, 1, `there is no service -t ${VIP}:81`],
    [`-f 7 -r ${A}`, 1, 'there is no service -f 7'],
    [`${VIP}:81 ${A}`, 1, `there is no service ${VIP}:81`],
    [`${VIP}:80 ${RS[0]}:81`, 1, `-t ${VIP}:80 has no real server ${RS[0]}:81: it has ${B}, ${A}`],
    [`-u ${VIP}:53 ${RS[0]}`, 1, `-u ${VIP}:53 has no real server ${RS[0]}:53: it has none`],
    [`-t ${VIP}:99999 ${A}`, 2, `-t: '${VIP}:99999' is not VIP:PORT`],
    [`${VIP}:x ${A}`, 2, `'${VIP}:x' is no service: VIP:PORT, -t VIP:PORT, -u, --sctp-service or -f MARK`],
    [`-f 0 ${A}`, 2, "-f: '0' is no firewall mark, 1 to 4294967295"],
    [`${VIP}:80 10.0.0.300`, 2, "'10.0.0.300' is no real server: RIP[:PORT]"],
    [`${VIP}:90 ${A}`, 2, `'${VIP}:90' is several services: say -t ${VIP}:90 or -u ${VIP}:90`],
    [`${WORDS} --then`, 2, '--then needs a value: --then keep|reset'],
  ]
  const { scene, key } = busy()
  for (const service of [`udp ${VIP}:53`, `tcp ${VIP}:90`, `udp ${VIP}:90`]) scene.service(service)
  for (const [words, status, err] of known)
    t.strictSame(await drained(scene, words), { status, out: '', err, took: 0 }, words)
  for (const [op, from, how] of [
    ['services', 1, 'no'],
    ['edit-destination', 1, 'no'],
    ['services', 1, new Unreachable('no')],
  ] as const) {
    const control = failing(scene.control, op, from, how)
    t.match(await drained(scene, WORDS, { control }), { status: 1, out: '', err: 'no' }, op)
  }
  t.equal(serverOf(scene, key).weight, 3)
  const broken: Control = { call: () => Promise.reject(new TypeError('a bug')) }
  await t.rejects(drained(scene, WORDS, { control: broken }), { message: 'a bug' })
})

t.test('names, and real servers of a mark', async t => {
  const scene = new Scene()
  scene.service(`tcp ${VIP}:80`, {}, A)
  scene.service('mark 7', {}, `${RS[0]}:0`)
  t.equal((await drained(scene, `${VIP}:http ${RS[0]}:http`)).status, 0)
  t.match(await drained(scene, `-f 7 ${RS[0]}`), { status: 0, out: /uvsadm -e -f 7 -r 10.99.2.11:0 -m -w 1\n$/ })
})

t.test('interrupted: the weight stays, and how to put it back is said; status 130', async t => {
  const { scene, key } = busy()
  const { status, out, took } = await drained(scene, `${WORDS} --then reset`, {
    each: (second, stop) => void (second === 2 && stop.abort()),
  })
  t.strictSame([status, took], [130, 2])
  t.ok(out.endsWith(`interrupted\n${UNDO}`), out)
  t.equal(scene.counts(key, A), '2–0')
  t.equal(serverOf(scene, key).weight, 0)
})

t.test('clients that come faster than they are ended: status 1', async t => {
  const { scene, key } = busy()
  let port = 100
  const control: Control = {
    async call<O extends OperationName>(request: Request<O>): Promise<Reply<O>> {
      const reply = await scene.control.call(request)
      if (request.op !== 'end-connections') return reply
      scene.editServer(key, `${A} 1`)
      for (let i = 0; i < 2; i++) scene.connect(`${CLIENT}:${port++}`)
      scene.editServer(key, `${A} 0`)
      return reply
    },
  }
  const { status, out } = await drained(scene, `${WORDS} --deadline 0 --then reset`, { control })
  t.equal(status, 1)
  t.match(out, /ended \d+ connections and 0 persistence templates; \d active, 0 inactive have come meanwhile\n/)
})

t.test('the command, over a socket', async t => {
  const { scene } = busy()
  const path = `${tempDir(t)}/sock`
  const server = await serveControl(path, scene.control)
  t.teardown(() => server.close())
  const outcome = await runCommand('drain', '', ...`${WORDS} --deadline 0 --then reset --control ${path}`.split(' '))
  t.match(outcome, { status: 0, err: '', out: /ended 2 connections/ })
  t.match(await runCommand('drain', '', '--control'), {
    status: 2,
    out: '',
    err: /^uvs drain: --control needs a value/,
  })
  t.match(await runCommand('drain', '', '-t', `${VIP}:81`, A, '--control', path), {
    status: 1,
    out: '',
    err: /^uvs drain: there is no/,
  })
})
