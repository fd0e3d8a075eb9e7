import { execFileSync, spawnSync } from 'node:child_process'
import { lstatSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { DirectorRecording, recordNothing } from '../../../../src/cli/uvs/director/director-recording.js'
import { DropJumps } from '../../../../src/cli/uvs/director/drop-jumps.js'
import { record, recordTo } from '../../../../src/cli/uvs/record/record.js'
import { rotate, writeRecordingFile } from '../../../../src/cli/uvs/record/recording-file.js'
import { showDrops, Rates } from '../../../../src/cli/uvs/explain/drops.js'
import { Metrics } from '../../../../src/control/metrics/metrics.js'
import { RequestCounts } from '../../../../src/control/metrics/request-counts.js'
import { RulesLoads } from '../../../../src/control/metrics/rules-loads.js'
import { JointControl } from '../../../../src/plane/joint-control.js'
import { BenchDirector, fromClient, fromServer, VIP } from '../../../support/bench-director.js'
import { tcp4, udp4 } from '../../../support/frames.js'

const noTshark = whyNoTshark()
function whyNoTshark(): string | false {
  try {
    execFileSync('tshark', ['--version'], { stdio: 'ignore' })
    return false
  } catch {
    return 'tshark is not installed'
  }
}
function tshark(file: string): string[] {
  const fields = ['frame.comment', 'frame.interface_name', 'ip.src', 'ip.dst'].flatMap(field => ['-e', field])
  const out = execFileSync('tshark', ['-r', file, '-T', 'fields', '-E', 'separator=|', ...fields], { encoding: 'utf8' })
  return out.trimEnd().split('\n')
}

const inbound = (port: number, flags: string): Uint8Array =>
  tcp4(`10.99.1.10:${port} > ${VIP}:80`, { ...fromClient, flags })
/** Drops for three reasons, and a connection. */
function eventful(client = 1): BenchDirector {
  const bench = new BenchDirector({ record: { octets: 512 * 1024, sampleEvery: 1 } })
  bench.serve('tcp', `${VIP}:80`, '10.99.2.11:8080')
  bench.serve('tcp', `${VIP}:81`)
  bench.turn('c', inbound(client, 'S'))
  bench.turn('r', tcp4(`10.99.2.11:8080 > 10.99.1.10:${client}`, { ...fromServer(), flags: 'SA' }))
  bench.run(10)
  const broken = udp4(`10.99.1.10:7 > ${VIP}:53`, fromClient)
  broken[24]! ^= 1
  bench.turn('c', broken)
  for (const port of [5, 6]) bench.turn('c', tcp4(`10.99.1.10:${port} > ${VIP}:81`, { ...fromClient, flags: 'S' }))
  bench.turn('r', tcp4('10.99.2.11:7 > 203.0.113.1:7', { ...fromServer(), flags: 'S', ttl: 1 }))
  return bench
}
function full(): void {
  throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', errno: -28 })
}
const dirOf = (t: { testdir(): string }): string => t.testdir()

t.test('tshark reads it and shows the comments', { skip: noTshark }, async t => {
  const file = join(dirOf(t), 'a.pcapng')
  t.match(await recordTo(file, eventful().control), {
    status: 0,
    out: `${file}: 6 frames, 4 dropped or refused, 2 of sampled connections\n`,
  })
  t.equal(lstatSync(file).mode & 0o777, 0o600)
  const lines = tshark(file)
  t.equal(lines.length, 6)
  t.match(
    lines[0],
    /^balanced, for TCP 10\.99\.1\.100:80, of a sampled connection to 10\.99\.2\.11:8080: .*\|c\|10\.99\.1\.10\|10\.99\.1\.100$/,
  )
  t.match(lines[1], /^balanced, of a sampled connection to .*\|r\|10\.99\.2\.11\|10\.99\.1\.10$/)
  t.match(lines[2], /^drop-ip-checksum.*: the IPv4 header’s checksum is wrong: .*\|c\|/)
  t.match(lines[3], /^drop-no-destination, for TCP 10\.99\.1\.100:81: the service has no real server/)
  t.match(lines[5], /^drop-ttl: the TTL is used up.*\|r\|/)
})

t.test('several workers: one file, by time', { skip: noTshark }, async t => {
  const workers = [eventful(1), eventful(2)]
  const file = join(dirOf(t), 'a.pcapng')
  t.match(
    await recordTo(
      file,
      new JointControl(
        workers.map(({ control }) => control),
        () => {},
      ),
    ),
    { status: 0 },
  )
  const out = execFileSync('tshark', ['-r', file, '-T', 'fields', '-e', 'frame.time_epoch'], { encoding: 'utf8' })
  const times = out.trim().split('\n').map(Number)
  t.equal(times.length, 12)
  t.strictSame(
    times,
    times.toSorted((one, other) => one - other),
  )
})

t.test('a director that records nothing says so', async t => {
  await t.rejects(recordTo('/nowhere/a', new BenchDirector().control), {
    message: 'this director records nothing: uvs director --record FILE',
  })
})

t.test('only recordings are replaced; no link is followed; what cannot be written leaves nothing', async t => {
  const dir = dirOf(t)
  const { control } = eventful()
  const [file, foreign, link, empty] = ['a.pcapng', 'foreign', 'link', 'empty'].map(name => join(dir, name)) as [
    string,
    string,
    string,
    string,
  ]
  writeFileSync(foreign, 'mine')
  writeFileSync(empty, '')
  symlinkSync(foreign, link)
  t.match(await recordTo(foreign, control), {
    status: 1,
    err: `uvs record: --out ${foreign}: ${foreign} is there and is no recording of uvs: nothing is written\n`,
  })
  t.match(await recordTo(link, control), { status: 1, err: /is a symbolic link: nothing is written\n$/ })
  t.match(await recordTo(dir, control), { status: 1, err: /is no regular file/ })
  const nowhere = join(dir, 'no', 'a')
  t.match(await recordTo(nowhere, control), {
    status: 1,
    err: `uvs record: --out ${nowhere}: ${join(dir, 'no')}: no such file or directory: nothing is written\n`,
  })
  t.equal(readFileSync(foreign, 'utf8'), 'mine')
  for (const to of [file, file, empty]) t.match(await recordTo(to, control), { status: 0 })
  const before = readFileSync(file)
  t.throws(() => writeRecordingFile(file, full), { code: 'ENOSPC' })
  t.strictSame(readFileSync(file), before)
  t.strictSame(readdirSync(dir).toSorted(), ['a.pcapng', 'empty', 'foreign', 'link'])
})

t.test('a signal does not leave half a recording', async t => {
  const dir = dirOf(t)
  const module = new URL('../../../../src/cli/uvs/record/recording-file.js', import.meta.url).href
  const program = `
    const { writeRecordingFile } = await import('${module}')
    const { writeSync } = await import('node:fs')
    writeRecordingFile('${dir}/a', fd => {
      writeSync(fd, 'one half ')
      for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) process.kill(process.pid, signal)
      writeSync(fd, 'and the other')
    })`
  const { signal, status } = spawnSync(process.execPath, ['--input-type=module', '-e', program])
  t.strictSame([signal, status], [null, 0])
  t.strictSame(readdirSync(dir), ['a'])
  t.equal(readFileSync(join(dir, 'a'), 'utf8'), 'one half and the other')
})

t.test('a file whose name a terminal would obey; none of the name -', async t => {
  const { control } = eventful()
  const dir = dirOf(t)
  t.match(await recordTo(`${dir}/a\x1b[31mb`, control), { out: /^\P{Cc}+\n$/u })
  t.match(await recordTo(`${dir}/no\x1b[31m/b`, control), {
    status: 1,
    err: /^\P{Cc}+: no such file or directory: nothing is written\n$/u,
  })
  await t.rejects(record.run(['--out', '-']), {
    name: 'UsageError',
    message: "--out: '-': a file is expected; ./- is one of that name",
  })
})

t.test('a director keeps the last five', async t => {
  const dir = dirOf(t)
  const file = join(dir, 'a')
  for (let i = 0; i < 7; i++) {
    await recordTo(file, eventful().control)
    rotate(file)
  }
  t.strictSame(readdirSync(dir).toSorted(), ['a.1', 'a.2', 'a.3', 'a.4'])
  writeFileSync(file, 'mine')
  t.throws(() => rotate(file), /is no recording of uvs: nothing is written/)
})

t.test('on SIGUSR2; one line where it cannot', async t => {
  const dir = dirOf(t)
  const lines: string[] = []
  const options = { file: join(dir, 'a'), rate: 0, record: { octets: 0, sampleEvery: 0 } }
  const recording = new DirectorRecording(options, eventful().control, line => lines.push(line))
  process.kill(process.pid, 'SIGUSR2')
  for (let i = 0; i < 200 && lines.length === 0; i++) await new Promise(resolve => setTimeout(resolve, 10))
  writeFileSync(join(dir, 'a.1'), 'mine')
  process.kill(process.pid, 'SIGUSR2')
  for (let i = 0; i < 200 && lines.length === 1; i++) await new Promise(resolve => setTimeout(resolve, 10))
  await recording.close()
  t.equal(lines[0], `SIGUSR2: recorded to ${dir}/a: 6 frames, 4 dropped or refused, 2 of sampled connections`)
  t.equal(lines[1], `SIGUSR2: --record ${dir}/a: ${dir}/a.1 is there and is no recording of uvs: nothing is written`)
  t.strictSame(readdirSync(dir).toSorted(), ['a', 'a.1'])
  t.equal(
    DirectorRecording.whyNot({ ...options, file: `${dir}/a.1` }),
    `--record: ${dir}/a.1 is there and is no recording of uvs`,
  )
  t.equal(
    DirectorRecording.whyNot({ ...options, file: `${dir}/no/a` }),
    `--record: ${dir}/no: no such file or directory`,
    'at the start, not when a recording is lost',
  )
  const none = recordNothing(line => lines.push(line))
  process.kill(process.pid, 'SIGUSR2')
  for (let i = 0; i < 200 && lines.length === 2; i++) await new Promise(resolve => setTimeout(resolve, 10))
  await none.close()
  t.equal(lines[2], 'SIGUSR2: nothing is recorded: --record FILE')
})

t.test('when a rate jumps', async t => {
  const jumps = new DropJumps(100)
  const look = (count: number, at: number): unknown => jumps.look({ balanced: count * 9, 'drop-ttl': count }, at)
  t.equal(look(5000, 0), undefined, 'what was before is no rate')
  t.equal(look(5099, 1000), undefined)
  t.strictSame(look(5299, 2000), { reason: 'drop-ttl', perSecond: 200 })
  t.equal(look(5999, 3000), undefined, 'it goes on')
  t.equal(look(6000, 4000), undefined)
  t.strictSame(look(6300, 6000), { reason: 'drop-ttl', perSecond: 150 })
})

t.test('text, JSON and Prometheus agree on drops', async t => {
  const { control } = eventful()
  const { out } = await showDrops(control, new Rates(), false, 0)
  const { drops } = JSON.parse((await showDrops(control, new Rates(), true, 0)).out) as {
    drops: { reason: string; count: number }[]
  }
  const sources = { control, requests: new RequestCounts(), rules: new RulesLoads() }
  const metrics = Buffer.concat([...(await new Metrics(sources, 0).collect()).pieces]).toString()
  const exported = [...metrics.matchAll(/^uvs_dropped_frames_total\{reason="([^"]+)"\} ([1-9]\d*)$/gm)]
  const shown = [...out.matchAll(/^(drop-[a-z-]+) +(\d+) /gm)]
  const counts = drops.map(({ reason, count }) => [reason, count]).toSorted()
  t.strictSame(counts, [
    ['drop-ip-checksum', 1],
    ['drop-no-destination', 2],
    ['drop-ttl', 1],
  ])
  t.strictSame(shown.map(([, reason, count]) => [reason, Number(count)]).toSorted(), counts)
  t.strictSame(exported.map(([, reason, count]) => [`drop-${reason}`, Number(count)]).toSorted(), counts)
})
