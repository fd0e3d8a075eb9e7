import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Paused, Replay } from '../../../native-free/replay/replay.js'
import { CaptureReader } from '../../../src/capture/capture-reader.js'
import { PcapngWriter } from '../../../src/capture/pcapng-writer.js'
import { localControl } from '../../../src/control/operations/execute.js'
import { runScript } from '../../../src/cli/uvs/rules/script.js'
import { parseMac } from '../../../src/wire/addr.js'
import { captureFile, pcap, readCapture, type PcapFrame } from '../../support/capture-files.js'
import { icmp4, packet4, packetOf, TCP, tcp4, udp4 } from '../../support/frames.js'
import { concat } from '../../support/octets.js'
import * as fc from '../../support/properties.js'
import { tempDir } from '../../support/temp.js'

const OURS = '02:00:00:00:01:01'
const eth = `02:00:00:00:00:07 > ${OURS}`
const VIP = '10.0.0.100'
const RULES = (method: string): string => `ipvsadm -A -t ${VIP}:80 -s rr
ipvsadm -A -u ${VIP}:53 -s rr
ipvsadm -a -t ${VIP}:80 -r 10.0.0.11:80 ${method}
ipvsadm -a -u ${VIP}:53 -r 10.0.0.11:53 ${method}
${method === '-b' ? `ipvsadm --add-laddr -z 10.0.0.200 -t ${VIP}:80; ipvsadm --add-laddr -z 10.0.0.200 -u ${VIP}:53` : ''}`

interface Replayed {
  verdicts: string[]
  lines: Record<string, unknown>[]
  sent: Uint8Array[]
  comments: string[]
  paused: Paused
  replay: Replay
}

async function replayed(t: Test, frames: readonly PcapFrame[], method = '-m', linkType = 1): Promise<Replayed> {
  const path = join(tempDir(t), 'out')
  const [input, output] = [openSync(captureFile(t, pcap(frames, { linkType })), 'r'), openSync(path, 'w')]
  const lines: Record<string, unknown>[] = []
  const replay = new Replay({
    capture: new CaptureReader(input),
    links: [{ name: 'eth0', mac: parseMac(OURS)!, takesAll: false, mtu: 1500 }],
    director: {
      addresses: ['10.0.0.1/24@eth0'],
      neighbours: ['10.0.0.7=02:00:00:00:00:07@eth0', '10.0.0.11=02:00:00:00:00:11@eth0'],
      seed: 1,
      maxConnections: 1024,
      icmpRatelimit: 0,
    },
    hasStandIns: true,
    out: new PcapngWriter(output, 'test', ['eth0']),
    tell: line => lines.push(JSON.parse(line.toString()) as Record<string, unknown>),
  })
  const { err } = await runScript(RULES(method), localControl(replay.director), { sleep: async () => {} })
  t.equal(err, '')
  replay.settle()
  const paused = replay.run(Infinity, Infinity)
  replay.end()
  for (const fd of [input, output]) closeSync(fd)
  const { frames: written, error } = readCapture(path)
  t.equal(error, undefined)
  const sent = written.filter(({ direction, frame }) => direction === 2 && frame[12] === 8 && frame[13] === 0)
  return {
    verdicts: lines.map(line => String(line['verdict'])),
    lines,
    sent: sent.map(({ frame }) => frame),
    comments: [],
    paused,
    replay,
  }
}
const each = (...frames: Uint8Array[]): PcapFrame[] =>
  frames.map((frame, i) => ({ seconds: 1_700_000_000 + i, fraction: 0, frame }))
const syn = tcp4(`10.0.0.7:5000 > ${VIP}:80`, { flags: 'S', eth })

t.test('FULLNAT: the local side is said, and the real server’s answer finds the connection', async t => {
  const first = await replayed(t, each(syn), '-b')
  t.match(first.lines, [{ connection: { local: /^10\.0\.0\.200:\d+$/, method: 'fullnat', server: '10.0.0.11:80' } }])
  const local = String((first.lines[0]!['connection'] as { local: string }).local)
  const answer = tcp4(`10.0.0.11:80 > ${local}`, { flags: 'SA', eth: `02:00:00:00:00:11 > ${OURS}` })
  const { lines } = await replayed(t, each(syn, answer), '-b')
  t.match(lines[1], { verdict: 'balanced', from: '10.0.0.11:80', stateBefore: 'SYN_RECV', connection: { local } })
})

t.test('an ICMP error is about its connection', async t => {
  const forwarded = packetOf(tcp4('10.0.0.7:5000 > 10.0.0.11:80', { flags: 'S' }))
  const error = icmp4('10.0.0.11 > 10.0.0.7', {
    type: 3,
    code: 3,
    rest: 0,
    payload: forwarded,
    eth: `02:00:00:00:00:11 > ${OURS}`,
  })
  const { lines } = await replayed(t, each(syn, error))
  t.match(lines[1], {
    verdict: 'balanced',
    errorAbout: { from: '10.0.0.7:5000', to: '10.0.0.11:80' },
    connection: { client: '10.0.0.7:5000' },
  })
})

t.test('a frame that was captured in part is whole again, with zeros', async t => {
  const frame = tcp4(`10.0.0.7:5000 > ${VIP}:80`, { flags: 'S', eth, payload: 1000 })
  const { verdicts, sent, replay } = await replayed(t, [
    { seconds: 1, fraction: 0, frame: frame.slice(0, 96), wire: frame.length },
  ])
  t.strictSame(verdicts, ['balanced'])
  t.equal(sent[0]?.length, frame.length)
  t.ok(sent[0]?.slice(96).every(octet => octet === 0))
  t.equal(replay.arrivals.cut, 1)
})

t.test('a frame longer than the MTU passes as the segments that it was put together of', async t => {
  const frame = tcp4(`10.0.0.7:5000 > ${VIP}:80`, { flags: 'A', eth, payload: 9000 })
  const { verdicts, sent } = await replayed(t, each(syn, frame))
  t.strictSame(verdicts, ['balanced', 'balanced'])
  t.equal(sent[1]?.length, frame.length)
})

t.test('raw IP and Linux cooked come to the director’s MAC', async t => {
  const cooked = concat(Uint8Array.of(0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 7, 0, 0, 8, 0), packetOf(syn))
  for (const [linkType, frame] of [
    [101, packetOf(syn)],
    [113, cooked],
  ] as const) {
    const { verdicts, sent } = await replayed(t, each(frame), '-g', linkType)
    t.strictSame([verdicts, sent.length], [['balanced'], 1], String(linkType))
  }
  const other = await replayed(t, each(syn), '-g', 127)
  t.strictSame([other.verdicts, [...other.replay.arrivals.unknownLinks]], [[], [127]])
})

t.test('it can be paused at a time, and goes on', async t => {
  const input = openSync(captureFile(t, pcap(each(syn, syn, syn))), 'r')
  const replay = new Replay({
    capture: new CaptureReader(input),
    links: [{ name: 'eth0', mac: parseMac(OURS)!, takesAll: true, mtu: 1500 }],
    director: { addresses: ['10.0.0.1/24@eth0'], seed: 1, maxConnections: 16 },
    hasStandIns: false,
  })
  t.equal(replay.run(1000, 100), Paused.REACHED)
  t.equal(replay.frames.read, 1)
  t.equal(replay.director.now, replay.clock.timeAt(1000))
  t.equal(replay.run(Infinity, 1), Paused.BUSY)
  t.equal(replay.run(Infinity, 100), Paused.ENDED)
  t.equal(replay.frames.read, 3)
  closeSync(input)
})

t.test('a gap in which nothing happens is left out, and what comes behind it has its time', async t => {
  const late = { seconds: 2 ** 31, fraction: 0, frame: syn }
  const { lines, replay } = await replayed(t, [...each(syn), late, { ...late, seconds: 2 ** 31 + 30 }])
  t.match(lines, [
    { timeout: 60 },
    { time: `${2 ** 31}.000000000`, stateAfter: 'SYN_RECV' },
    { stateBefore: 'SYN_RECV' },
  ])
  t.notMatch(lines[1], { stateBefore: String }, 'the first one’s connection has ended')
  t.equal(replay.clock.sinceStart, 32 * 86_400_000 + 30_000)
  t.ok(replay.director.now < replay.clock.timeAt(0) + replay.clock.sinceStart + 3000)
})

t.test('whatever comes, every frame has a verdict, and what was sent can be read', async t => {
  const some = fc.uint8Array({ maxLength: 120 })
  const whole = fc.constantFrom(
    syn,
    udp4(`10.0.0.7:9 > ${VIP}:53`, { eth }),
    packet4('10.0.0.7 > 10.0.0.100', TCP, new Uint8Array(8)),
  )
  const bent = fc.tuple(whole, fc.nat(), fc.integer({ min: 1, max: 255 })).map(([frame, at, by]) => {
    const other = Uint8Array.from(frame)
    other[at % other.length]! ^= by
    return other
  })
  const frame = fc.oneof(some, whole, bent)
  const timed = fc.record({
    seconds: fc.oneof(fc.nat(300), fc.nat(300), fc.nat(2 ** 32 - 1)),
    fraction: fc.nat(2 ** 32 - 1),
    frame,
    more: fc.nat(3),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(timed, { maxLength: 8 }),
      fc.constantFrom('-m', '-g', '-i', '-b'),
      fc.constantFrom(1, 1, 1, 101, 113, 276, 0, 200),
      async (list, method, linkType) => {
        const frames = list.map(({ more, ...each }) => ({ ...each, wire: each.frame.length + more }))
        const { paused, lines, replay } = await replayed(t, frames, method, linkType)
        return paused === Paused.ENDED && lines.length === replay.frames.taken && replay.frames.read === list.length
      },
    ),
    { numRuns: 40 },
  )
})
