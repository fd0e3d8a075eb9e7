/*
 * Captures with octets changed anywhere, in their own headers as in the frames', put through a director that balances by each method.
 * Nothing throws but a CaptureError of one line; what was written until there is a whole pcapng of as many frames as were read.
 */
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { Replay } from '../../../native-free/replay/replay.js'
import { CaptureError } from '../../../src/capture/capture-error.js'
import { CaptureReader } from '../../../src/capture/capture-reader.js'
import { PcapngWriter } from '../../../src/capture/pcapng-writer.js'
import { runScript } from '../../../src/cli/uvs/rules/script.js'
import { localControl } from '../../../src/control/operations/execute.js'
import { parseMac } from '../../../src/wire/addr.js'
import { interfaceBlock, option, packetBlock, pcap, readCapture, section } from '../../support/capture-files.js'
import { arp, icmp4, packetOf, TCP, packet4, tcp4, udp4 } from '../../support/frames.js'
import { concat } from '../../support/octets.js'
import * as fc from '../../support/properties.js'

/** A run takes 10 ms. UVS_RUNS=3000 for a longer look. */
const RUNS = Number(process.env['UVS_RUNS'] ?? 500)
const BEGIN_S = 1_700_000_000
const OURS = '02:00:00:00:01:01'
const CLIENT = '10.0.0.7'
const eth = `02:00:00:00:00:07 > ${OURS}`
const METHODS = { '10.0.0.100': '-m', '10.0.0.101': '-g', '10.0.0.102': '-i', '10.0.0.103': '-b' }

const RULES = Object.entries(METHODS)
  .map(
    ([vip, method]) => `ipvsadm -A -t ${vip}:80 -s wlc
ipvsadm -A -u ${vip}:80 -s rr -p 60
ipvsadm -a -t ${vip}:80 -r 10.0.0.11:80 ${method}
ipvsadm -a -u ${vip}:80 -r 10.0.0.11:80 ${method}
${method === '-b' ? `ipvsadm --add-laddr -z 10.0.0.200 -t ${vip}:80` : ''}`,
  )
  .join('\n')

const FRAMES = Object.keys(METHODS).flatMap(vip => {
  const syn = tcp4(`${CLIENT}:5000 > ${vip}:80`, { flags: 'S', eth, tcpOptions: Uint8Array.of(2, 4, 5, 0xb4) })
  const answered = tcp4(`10.0.0.11:80 > ${CLIENT}:5000`, { flags: 'SA', eth: `02:00:00:00:00:11 > ${OURS}` })
  const long = packet4(`${CLIENT} > ${vip}`, TCP, packetOf(tcp4('1.2.3.4:5 > 6.7.8.9:10', { payload: 300 })), { eth })
  return [
    syn,
    answered,
    tcp4(`${CLIENT}:5000 > ${vip}:80`, {
      flags: 'PA',
      payload: 100,
      eth,
      ipOptions: Uint8Array.of(7, 7, 4, 0, 0, 0, 0, 0),
    }),
    udp4(`${CLIENT}:53 > ${vip}:80`, { payload: 60, eth }),
    udp4(`${CLIENT}:53 > ${vip}:80`, { payload: 64, eth, mf: true, id: 7 }),
    udp4(`${CLIENT}:53 > ${vip}:80`, { payload: 64, eth, fragment: 9, id: 7 }),
    icmp4(`10.0.0.11 > ${vip}`, { type: 3, code: 4, rest: 1400, payload: packetOf(syn), eth }),
    long,
  ]
})
FRAMES.push(arp({ operation: 'request', senderMac: '02:00:00:00:00:07', senderAddr: CLIENT, targetAddr: '10.0.0.100' }))

const text = (word: string): Uint8Array => new TextEncoder().encode(word)
const PCAP = pcap(FRAMES.map((frame, i) => ({ seconds: BEGIN_S + i, fraction: i, frame })))
const pcapng = (order: 'little' | 'big'): Uint8Array =>
  concat(
    section(order),
    interfaceBlock(order, 1, option(order, 2, text('eth0')), option(order, 9, Uint8Array.of(9))),
    interfaceBlock(order, 113),
    ...FRAMES.map((frame, i) => packetBlock(order, 0, (BigInt(BEGIN_S) + BigInt(i)) * 1_000_000_000n, frame)),
  )
const SEEDS = [PCAP, pcapng('little'), pcapng('big')]

t.test(`${RUNS} altered captures`, async t => {
  const dir = mkdtempSync(join(tmpdir(), 'uvs-'))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  const [inPath, outPath] = [join(dir, 'in'), join(dir, 'out')]
  let corrupt = 0
  let balanced = 0
  const alteration = fc.record({
    at: fc.nat(0xffff),
    to: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...SEEDS),
      fc.array(alteration, { minLength: 1, maxLength: 4 }),
      fc.record({ one: fc.nat(9), at: fc.nat() }),
      async (seed, alterations, cut) => {
        const octets = Uint8Array.from(cut.one > 0 ? seed : seed.subarray(0, cut.at % seed.length))
        for (const { at, to } of alterations) if (octets.length > 0) octets[at % octets.length] = to
        writeFileSync(inPath, octets)
        const told = await replayed(inPath, outPath)
        if (told === undefined) return void corrupt++
        corrupt += told.isCorrupt ? 1 : 0
        balanced += told.balanced
        const { frames, error } = readCapture(outPath)
        const came = frames.filter(({ direction }) => direction === 1).length
        if (error || came < told.taken)
          throw new Error(`${came} of ${told.taken} frames were written: ${error?.message}`)
      },
    ),
    { numRuns: RUNS },
  )
  t.ok(corrupt > RUNS / 10, `${corrupt} were corrupt`)
  t.ok(balanced > RUNS, `${balanced} frames were balanced`)
})

/** undefined: no capture at all. */
async function replayed(
  inPath: string,
  outPath: string,
): Promise<{ taken: number; balanced: number; isCorrupt: boolean } | undefined> {
  const [input, output] = [openSync(inPath, 'r'), openSync(outPath, 'w')]
  try {
    const reader = readerOf(input)
    if (reader === undefined) return undefined
    let balanced = 0
    const replay = new Replay({
      capture: reader,
      links: [{ name: 'eth0', mac: parseMac(OURS)!, takesAll: false, mtu: 1500 }],
      director: {
        addresses: ['10.0.0.1/24@eth0'],
        neighbours: ['10.0.0.7=02:00:00:00:00:07@eth0'],
        seed: 1,
        maxConnections: 64,
      },
      hasStandIns: true,
      out: new PcapngWriter(output, 'test', ['eth0']),
      tell: line => {
        if ((JSON.parse(line.toString()) as { verdict: string }).verdict === 'balanced') balanced++
      },
    })
    const { err } = await runScript(RULES, localControl(replay.director), { sleep: async () => {} })
    if (err !== '') throw new Error(err)
    const isCorrupt = isLine(() => replay.run(Infinity, Infinity))
    replay.end()
    return { taken: replay.frames.taken, balanced, isCorrupt }
  } finally {
    closeSync(input)
    closeSync(output)
  }
}
function readerOf(fd: number): CaptureReader | undefined {
  let reader: CaptureReader | undefined
  isLine(() => (reader = new CaptureReader(fd)))
  return reader
}
/** Whether it ends with a CaptureError. Any other is thrown. */
function isLine(work: () => unknown): boolean {
  try {
    work()
    return false
  } catch (error) {
    if (!(error instanceof CaptureError) || error.message.includes('\n')) throw error
    return true
  }
}
