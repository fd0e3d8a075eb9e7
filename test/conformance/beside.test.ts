import { join } from 'node:path'
import t from 'tap'
import { tcp4 } from '../support/frames.js'
import type { RecordedCase } from './case.js'
import { compare } from './compare.js'
import { conformance, playCase } from './conformance.js'
import { loadCase, OWN_CASES } from './files.js'
import { besideScenario } from './live/beside-scenario.js'
import { generate } from './live/generate.js'
import type { Flow, PacketStep, PieceStep } from './live/scenario.js'
import { playOnUvsAlone } from './live/uvs-alone.js'
import { localNodeOf } from './local-nodes.js'
import { play } from './play.js'
import { Rig } from './rig.js'

/* uvs beside a kernel that holds the rig's addresses: the two together do what the kernel with IPVS did alone. */

const [SEED, SCENARIOS] = [4242, 40]
const [CASES = ''] = OWN_CASES
const load = (name: string): RecordedCase => loadCase(join(CASES, `${name}.json`))
async function senders(name: string): Promise<(string | undefined)[]> {
  const { steps } = await play(load(name), { isBeside: true })
  return steps.flatMap(({ out }) => out.map(({ sender }) => sender))
}

t.test('every recording, but one with a real server that uvs refuses', async t => {
  const lines: string[] = []
  t.equal(await conformance(OWN_CASES, line => lines.push(line), { isBeside: true }), true)
  t.strictSame(
    lines.filter(line => !line.startsWith('pass ')),
    [
      'left  other-modes: uvs refuses a local node other than by -g: ipvsadm -a -t 10.99.1.100:80 -r 10.99.2.1:8080 -m',
      '193 passed, 0 failed, 1 left out; 9968 frames came from uvs, 62 from the kernel beside it',
    ],
  )
})

t.test('random scenarios go as where uvs is the only host', async t => {
  for (let index = 0; index < SCENARIOS; index++) {
    const alone = await playOnUvsAlone(besideScenario(generate(SEED, index)))
    t.strictSame(await playCase(alone, { isBeside: true }), [], alone.name)
  }
})

t.test('what is balanced comes from uvs, what the host answers from the kernel', async t => {
  t.strictSame(new Set(await senders('nat-tcp-full')), new Set(['uvs']))
  t.strictSame(new Set(await senders('icmp-echo')), new Set(['kernel']))
  t.strictSame(
    (await senders('service-deleted')).slice(-3),
    ['uvs', 'kernel', 'kernel'],
    'an answer; a SYN to the service that is gone; data of a connection that ends with it',
  )
})

t.test('a frame of either that is another, and an address that uvs claims, are noticed', async t => {
  for (const name of ['nat-tcp-full', 'icmp-echo']) {
    const recorded = load(name)
    const played = await play(recorded, { isBeside: true })
    t.strictSame(compare(recorded, played), [])
    played.steps[0]!.out[0]!.frame[30]! ^= 1
    t.match(compare(recorded, played).join('\n'), /ip\.dst/)
    t.match(compare(recorded, { ...played, arp: ['10.99.1.1: claimed by uvs'] }).join('\n'), /claimed by uvs/)
  }
})

t.test('who answers ARP', async t => {
  const rig = new Rig({ isBeside: true })
  t.strictSame(rig.askForAddresses(), [])
  t.equal((await rig.run('ipvsadm -A -t 10.99.1.102:80')).status, 0)
  rig.advance(100)
  t.strictSame(rig.askForAddresses(), [], 'a service claims nothing')
  await rig.run('ip route replace local 10.99.1.102 dev lo')
  rig.advance(100)
  t.strictSame(rig.askForAddresses(), [], 'nor what the kernel begins to hold')
  await rig.run('ipvsadm -A -t 10.99.1.102:81')
  t.equal(
    rig.send('c', tcp4('10.99.1.10:9 > 10.99.1.102:82', { eth: '02:00:00:00:01:10 > 02:00:00:00:01:01' })),
    'kernel: answered',
  )
  t.match(rig.take(), [{ side: 'c', sender: 'kernel' }])
  await rig.run('ip route del local 10.99.1.102 dev lo')
  t.strictSame(new Rig().askForAddresses(), [], 'alone: nobody is asked')
})

t.test('a local node may be by -g alone', async t => {
  const recorded = load('nat-tcp-full')
  const why = (setup: string) => localNodeOf({ ...recorded, setup, steps: [] })
  const line = 'ipvsadm -a -t 10.99.1.100:80 -r 127.0.0.1:80'
  t.equal(why(`ipvsadm -A -t 10.99.1.100:80\n${line} -g`), undefined)
  t.match(why(`ipvsadm -A -t 10.99.1.100:80\n${line} -m`), line)
  t.equal(why('ipvsadm -a -t 10.99.1.100:80 -r 10.99.1.10:80 -m'), undefined, '10.99.1.10 is not 10.99.1.1')
  const steps = [
    { kind: 'do' as const, note: '', script: line, result: { status: 0, out: '', err: '' }, out: [], quiet: 0 },
  ]
  t.match(localNodeOf({ ...recorded, steps }), line)
})

t.test('a scenario has other hosts in their place', async t => {
  const flow: Flow = {
    protocol: 'udp',
    client: '10.99.1.10',
    clientPort: 1,
    vip: '10.99.1.100',
    vipPort: 53,
    server: '10.99.2.1',
    serverPort: 53,
  }
  const shape = { payloadLen: 0, ttl: 64, tos: 0, df: true, id: 1, ipOptions: '', checksum: 'right' as const }
  const of: PacketStep = { kind: 'packet', flow, from: 'r', shape }
  const piece: PieceStep = { kind: 'piece', of, id: 0, at: 0, len: 8, more: true, df: false, tos: 0 }
  const setup = ['ipvsadm -a -u 10.99.1.100:53 -r 10.99.2.1:53 -m', 'ipvsadm -a -u 10.99.1.100:53 -r 10.99.2.11:53 -m']
  const script = 'ipvsadm -d -u 10.99.1.100:53 -r 10.99.2.1:53'
  const scenario = { name: 'x', setup, steps: [of, piece, piece, { kind: 'do' as const, script }] }
  const moved = besideScenario(scenario)
  t.strictSame(moved.setup, ['ipvsadm -a -u 10.99.1.100:53 -r 10.99.1.32:53 -m', setup[1]])
  const [packet, one, other, command] = moved.steps as [PacketStep, PieceStep, PieceStep, unknown]
  t.equal(packet.flow.server, '10.99.1.32')
  t.equal(one.of, other.of, 'pieces of the same')
  t.strictSame(command, { kind: 'do', script: 'ipvsadm -d -u 10.99.1.100:53 -r 10.99.1.32:53' })
  t.equal(flow.server, '10.99.2.1', 'the scenario itself stays')
})
