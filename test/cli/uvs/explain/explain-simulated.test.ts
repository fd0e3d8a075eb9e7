import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { explain } from '../../../../src/cli/uvs/explain/explain.js'
import { explainFrames, explainTyped } from '../../../../src/cli/uvs/explain/explain-simulated.js'
import { simulatedDirector } from '../../../../src/cli/uvs/replay/simulated-director.js'
import { SIMULATED_OPTIONS } from '../../../../src/cli/uvs/replay/simulated-options.js'
import { readOptions } from '../../../../src/cli/uvs/options/read-options.js'
import { typedPacket } from '../../../../native-free/replay/typed-packet.js'
import type { Explanation } from '../../../../src/control/protocol/explain.js'
import { pcapOf } from '../../../support/pcap.js'
import { brief, hex, icmp4, packetOf, tcp4, udp4 } from '../../../support/frames.js'

const RULES = `-A -t 10.0.1.100:80 -s rr
-a -t 10.0.1.100:80 -r 10.0.2.11:80 -m -w 1
-a -t 10.0.1.100:80 -r 10.0.2.12:80 -m -w 1
`
const files = t.testdir({ rules: RULES })
const simulated = (...args: string[]): ReturnType<typeof simulatedDirector> =>
  simulatedDirector(
    readOptions({ name: 'explain', forms: [{ words: [], options: SIMULATED_OPTIONS }] }, [
      '--rules',
      join(files, 'rules'),
      ...args,
    ]),
  )

t.test('a packet as people write it', async t => {
  const written: [string, Uint8Array][] = [
    ['tcp 10.0.0.7:40000 > 10.0.1.100:80 syn', tcp4('10.0.0.7:40000 > 10.0.1.100:80', { flags: 'S' })],
    ['tcp 10.0.0.7:40000 > 10.0.1.100:80', tcp4('10.0.0.7:40000 > 10.0.1.100:80', { flags: 'A' })],
    ['tcp 10.0.0.7:1 > 10.0.1.100:80 fin,ack ttl 9', tcp4('10.0.0.7:1 > 10.0.1.100:80', { flags: 'FA', ttl: 9 })],
    ['udp 10.0.0.7:1 > 10.0.1.100:53 len 40', udp4('10.0.0.7:1 > 10.0.1.100:53', { payload: 40 })],
    ['icmp 10.0.0.7 > 10.0.1.100', icmp4('10.0.0.7 > 10.0.1.100', { type: 8 })],
  ]
  for (const [text, frame] of written) {
    const packet = typedPacket(text)
    const whole = new Uint8Array(14 + packet.length)
    whole.set(frame.subarray(0, 14))
    whole.set(packet, 14)
    t.equal(brief(whole), brief(frame), text)
    t.equal(packet.length, packetOf(frame).length, text)
  }
  t.equal(hex(typedPacket('udp 1.2.3.4:1 > 5.6.7.8:2 df')).slice(12, 16), '4000')
  const wrong: [string, string][] = [
    ['', "'': tcp, udp or icmp is expected: PROTOCOL SRC > DST, such as 'tcp 10.0.0.7:40000 > 10.0.1.100:80 syn'"],
    [
      'tcp 10.0.0.7:1 10.0.1.100:80',
      "'tcp 10.0.0.7:1 10.0.1.100:80': PROTOCOL SRC > DST, such as 'tcp 10.0.0.7:40000 > 10.0.1.100:80 syn' is expected",
    ],
    ['tcp 10.0.0.7 > 10.0.1.100:80', "'10.0.0.7': an address and a port, such as 10.0.0.7:40000, is expected"],
    [
      'tcp 10.0.0.7:70000 > 10.0.1.100:80',
      "'10.0.0.7:70000': an address and a port, such as 10.0.0.7:40000, is expected",
    ],
    ['icmp 10.0.0.7:1 > 10.0.1.100', "'10.0.0.7:1': an address is expected"],
    ['udp 1.2.3.4:1 > 5.6.7.8:2 syn', "'syn': ttl N, len N or df is expected"],
    ['tcp 1.2.3.4:1 > 5.6.7.8:2 sin', "'sin': flags such as syn or syn,ack, ttl N, len N or df is expected"],
    ['tcp 1.2.3.4:1 > 5.6.7.8:2 ttl', "'ttl ': a number up to 255 is expected"],
    ['tcp 1.2.3.4:1 > 5.6.7.8:2 len 65536', "'len 65536': a number up to 65495 is expected"],
  ]
  for (const [text, message] of wrong) t.throws(() => typedPacket(text), { message }, text)
})

t.test('typed packets, one after the other, meet a director with the rules', async t => {
  const told: Explanation[] = []
  const packets = [
    'tcp 10.0.0.7:1 > 10.0.1.100:80 syn',
    'tcp 10.0.2.12:80 > 10.0.0.7:1 syn,ack',
    'tcp 10.0.0.7:1 > 10.0.1.100:80',
    'tcp 10.0.0.7:2 > 10.0.1.100:80 syn',
    'udp 10.0.0.7:2 > 10.0.1.100:53',
    'icmp 10.0.0.8 > 10.0.1.100',
  ]
  await explainTyped(packets, simulated(), each => told.push(each))
  t.strictSame(
    told.map(({ verdict, connection }) => [verdict, connection?.state, connection?.daddr]),
    [
      ['balanced', 'SYN_RECV', '10.0.2.12'],
      ['balanced', 'SYN_RECV', '10.0.2.12'],
      ['balanced', 'ESTABLISHED', '10.0.2.12'],
      ['balanced', 'SYN_RECV', '10.0.2.11'],
      ['refused', undefined, undefined],
      ['answered', undefined, undefined],
    ],
    'next hops are known: no packet waits for a MAC',
  )
  const waiting: Explanation[] = []
  await explainTyped(packets.slice(0, 1), simulated('--arp', 'capture'), each => waiting.push(each))
  t.equal(waiting[0]?.verdict, 'held')
})

t.test('a frame of a capture is explained after all before it', async t => {
  const frames = [
    tcp4('10.0.0.7:1 > 10.0.1.100:80', { flags: 'S' }),
    tcp4('10.0.0.7:2 > 10.0.1.100:80', { flags: 'S' }),
    tcp4('10.0.0.7:1 > 10.0.1.100:80', { flags: 'A' }),
  ]
  const file = join(files, 'a.pcap')
  writeFileSync(file, pcapOf(frames))
  const told: Explanation[] = []
  await explainFrames(file, [3, 2], simulated(), each => told.push(each))
  t.strictSame(
    told.map(({ at, connection }) => [at, connection?.cport, connection?.daddr]),
    [
      [2001, 2, '10.0.2.11'],
      [3002, 1, '10.0.2.12'],
    ],
  )
  await t.rejects(
    explainFrames(file, [2, 99], simulated(), () => {}),
    { message: 'there is no frame 99: the capture has 3' },
  )
  writeFileSync(file, pcapOf(frames).subarray(0, 130))
  await t.rejects(
    explainFrames(file, [2], simulated(), () => {}),
    { message: /a\.pcap: at octet / },
  )
  const typed = 'tcp 10.0.0.7:1 > 10.0.1.100:80 syn'
  for (const words of [[typed], typed.split(' ')])
    await t.rejects(explain.run([...words, '--control', join(files, 'none')]), {
      name: 'UsageError',
      message: `'${typed}' is a packet, no filter: --rules FILE says to which rules (uvs explain --help)`,
    })
  await t.rejects(explain.run(['tcp[13] > 3', '--control', join(files, 'none')]), { message: /^no director answers/ })
  await t.rejects(explain.run(['--in', file, '--frame', '0']), { message: "--frame '0': a number from 1 on" })
  await t.rejects(explain.run(['--in', join(files, 'none'), '--frame', '1']), { message: /^--in: .*no such file/ })
})
