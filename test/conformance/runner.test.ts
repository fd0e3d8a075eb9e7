import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { brief, checksum, decode, hex } from '../support/frames.js'
import { u16 } from '../support/octets.js'
import { parseCase, type RecordedCase } from './case.js'
import { compare } from './compare.js'
import { conformance } from './conformance.js'
import { caseFiles, loadCase, OWN_CASES } from './files.js'
import { play, type Played } from './play.js'

const MAIN = fileURLToPath(new URL('main.js', import.meta.url))
const [CASES = ''] = OWN_CASES

function load(name: string): RecordedCase {
  return loadCase(join(CASES, `${name}.json`))
}

/** Runs the runner as the command does. */
async function run(...paths: string[]): Promise<{ good: boolean; lines: string[] }> {
  const lines: string[] = []
  const good = await conformance(paths, line => lines.push(line))
  return { good, lines }
}

t.test("uvs does what the kernel did, in every recording of the project's own", async t => {
  for (const path of OWN_CASES.flatMap(caseFiles)) {
    const recorded = loadCase(path)
    t.strictSame(compare(recorded, await play(recorded)), [], basename(path))
  }
})

/** Octets that may be altered in this expected frame without the runner's minding: id and checksum of an IP header made without DF. */
function maskedOctets(frame: Uint8Array): number[] {
  const fields = decode(frame)
  return fields['icmp.type'] !== undefined && fields['ip.df'] === false ? [18, 19, 24, 25] : []
}

function unnoticed(recorded: RecordedCase, played: Played, frame: Uint8Array): number[] {
  return [...frame.keys()].filter(at => {
    const bits = [0x01, 0x80, 0xff].filter(bit => {
      frame[at]! ^= bit
      const noticed = compare(recorded, played).length > 0
      frame[at]! ^= bit
      return !noticed
    })
    return bits.length > 0
  })
}

for (const name of ['nat-tcp-full', 'malformed', 'icmp-echo']) {
  t.test(`${name}: an octet altered in any expected frame is noticed, unless it is masked`, async t => {
    const recorded = load(name)
    const played = await play(recorded)
    for (const [index, step] of recorded.steps.entries()) {
      for (const { frame } of step.out) {
        t.strictSame(unnoticed(recorded, played, frame), maskedOctets(frame), `step ${index}: ${brief(frame)}`)
      }
    }
    t.strictSame(compare(recorded, played), [], 'and all is as it was')
  })

  t.test(`${name}: a frame that is missing, added, longer or on the other side is noticed`, async t => {
    const recorded = load(name)
    const played = await play(recorded)
    for (const { out } of recorded.steps.filter(step => step.out.length > 0)) {
      const [first] = out.splice(0, 1)
      t.not(compare(recorded, played).length, 0, 'missing')
      out.unshift(first!, first!)
      t.not(compare(recorded, played).length, 0, 'twice')
      out.splice(0, 2, { ...first!, side: first!.side === 'c' ? 'r' : 'c' })
      t.not(compare(recorded, played).length, 0, 'on the other side')
      out[0] = { ...first!, frame: Uint8Array.of(...first!.frame, 0) }
      t.not(compare(recorded, played).length, 0, 'an octet longer')
      out[0] = { ...first!, frame: first!.frame.slice(0, -1) }
      t.not(compare(recorded, played).length, 0, 'an octet shorter')
      out[0] = first!
    }
    t.strictSame(compare(recorded, played), [], 'and all is as it was')
  })
}

t.test('a masked id may be another, if its checksum is right', async t => {
  const recorded = load('icmp-echo')
  const played = await play(recorded)
  const reply = played.steps[0]!.out[0]!.frame
  reply[18]! ^= 0x55
  t.match(compare(recorded, played).join('\n'), /ip\.checksum: wrong/)
  reply.set(u16(0), 24)
  reply.set(u16(checksum(reply.slice(14, 34))), 24)
  t.strictSame(compare(recorded, played), [])
})

t.test('every character of a listing counts', async t => {
  const recorded = load('nat-tcp-full')
  const played = await play(recorded)
  for (const step of recorded.steps) {
    if (step.kind !== 'do') continue
    const { out } = step.result
    for (let at = 0; at < out.length; at++) {
      step.result.out = `${out.slice(0, at)}~${out.slice(at + 1)}`
      if (compare(recorded, played).length === 0) t.fail(`character ${at} of '${step.note}'`)
    }
    step.result.out = out
  }
  const { state } = recorded
  for (let at = 0; at < state.length; at++) {
    recorded.state = `${state.slice(0, at)}~${state.slice(at + 1)}`
    if (compare(recorded, played).length === 0) t.fail(`character ${at} of the state: '${state[at]}'`)
  }
  recorded.state = `${state}\n`
  t.not(compare(recorded, played).length, 0, 'one line more')
  recorded.state = state
  t.strictSame(compare(recorded, played), [], 'and all is as it was')
})

t.test("a command's status and standard error count", async t => {
  const recorded = load('weight-zero')
  const played = await play(recorded)
  for (const step of recorded.steps) {
    if (step.kind !== 'do') continue
    step.result.status = 255
    t.match(compare(recorded, played).join('\n'), /status: expected 255, got 0/, step.script)
    step.result.status = 0
    step.result.err = 'oops\n'
    t.match(compare(recorded, played).join('\n'), /standard error: line 1: expected 'oops', got no line/, step.script)
    step.result.err = ''
  }
  t.strictSame(compare(recorded, played), [], 'and all is as it was')
})

t.test('each choice of a trace counts', async t => {
  const recorded = loadCase(caseFiles(OWN_CASES[1]!).find(path => path.endsWith('wlc-w123-syn.json'))!)
  const played = await play(recorded)
  t.equal(recorded.chosen?.length, 30)
  for (const [index, choice] of recorded.chosen!.entries()) {
    recorded.chosen![index] = '10.99.2.14'
    t.match(compare(recorded, played)[0], 'chosen:', `SYN ${index}`)
    recorded.chosen![index] = choice
  }
  recorded.chosen!.pop()
  t.match(compare(recorded, played)[0], 'chosen:', 'one less')
})

t.test('a setup that goes wrong fails the case, and so does a line that nobody knows', async t => {
  for (const line of ['ipvsadm -A -t 10.99.1.100:80 -s rr', 'ip rule add from all', 'reboot', 'ipvsadm --frobnicate']) {
    const recorded = load('nat-syn-retransmit')
    recorded.setup = `${line}\n${recorded.setup}`
    t.equal(compare(recorded, await play(recorded))[0], 'setup:', line)
  }
})

t.test('a step cannot be left out', async t => {
  const recorded = load('nat-syn-retransmit')
  const played = await play({ ...recorded, steps: recorded.steps.slice(0, -1) })
  t.match(compare(recorded, played).join('\n'), /step 4 .*: not played/)
})

t.test('the summary is the last line', async t => {
  const good = await run(join(CASES, 'nat-udp.json'))
  t.strictSame(good, { good: true, lines: ['pass  nat-udp', '1 passed, 0 failed'] })
  const bad = readFileSync(join(CASES, 'nat-udp.json'), 'utf8').replaceAll('04:59', '03:59')
  const dir = t.testdir({ 'a.json': bad, below: { 'b.json': readFileSync(join(CASES, 'icmp-echo.json'), 'utf8') } })
  const { good: all, lines } = await run(dir)
  t.equal(all, false)
  t.equal(lines[0], 'FAIL  nat-udp')
  t.match(lines, /expected to expire in 239 s, got 29\d s/)
  t.strictSame(lines.slice(-2), ['pass  icmp-echo', '1 passed, 1 failed'])
})

t.test('what cannot be played is one line and a failure', async t => {
  const nat = readFileSync(join(CASES, 'nat-udp.json'), 'utf8')
  const dir = t.testdir({
    empty: {},
    'broken.json': nat.slice(0, 500),
    'list.json': '[]',
    'bare.json': '{"name":"bare","setup":"","steps":[],"state":""}',
    'hex.json': nat.replace('0200', '0x00'),
  })
  const unplayable: [string, RegExp][] = [
    ['missing.json', /no such file or directory/],
    ['empty', /no recordings \(\*\.json\) in this directory/],
    ['broken.json', /not JSON/],
    ['list.json', /the file: not an object/],
    ['bare.json', /steps: there are none/],
    ['hex.json', /steps\[0\]\.send\.frame: not hex octets/],
  ]
  for (const [name, reason] of unplayable) {
    const { good, lines } = await run(join(dir, name))
    t.equal(good, false, name)
    t.equal(lines.length, 2, name)
    t.match(lines[0], reason, name)
    t.equal(lines[0]?.startsWith(`FAIL  ${join(dir, name)}: `), true, name)
    t.equal(lines[1], '0 passed, 1 failed', name)
  }
  t.strictSame(await run(), { good: false, lines: ['0 passed, 0 failed'] })
})

t.test('a recorded setup that went wrong has to go wrong the same way', async t => {
  const recorded = load('nat-syn-retransmit')
  recorded.setup += '\nipvsadm -D -t 10.99.1.100:81'
  const err = 'No such service\n'
  recorded.setupResult = { status: 255, out: '', err }
  t.strictSame(compare(recorded, await play(recorded)), [])
  recorded.setupResult = { status: 0, out: '', err }
  t.strictSame(compare(recorded, await play(recorded)), ['setup:', '  status: expected 0, got 255'])
})

t.test('the command exits with 0 only if nothing failed', async t => {
  const command = promisify(execFile)
  const { stdout } = await command(process.execPath, [MAIN, join(CASES, 'icmp-echo.json')])
  t.equal(stdout, 'pass  icmp-echo\n1 passed, 0 failed\n')
  await t.rejects(command(process.execPath, [MAIN, t.testdir({})]), { code: 1, stdout: /\n0 passed, 1 failed\n$/ })
})

t.test('a recording without what is to be compared is refused', async t => {
  const whole = JSON.parse(readFileSync(join(CASES, 'weight-zero.json'), 'utf8')) as Record<string, unknown>
  const refusal = (changes: object) => {
    try {
      return hex(parseCase(JSON.stringify({ ...whole, ...changes })).steps[0]!.out[0]!.frame).slice(0, 4)
    } catch (error) {
      return (error as Error).message
    }
  }
  t.equal(refusal({}), '0200')
  t.equal(refusal({ state: undefined }), 'state: not a text')
  t.equal(refusal({ setup: undefined }), 'setup: not a text')
  t.equal(refusal({ steps: undefined }), 'steps: not a list')
  t.equal(refusal({ steps: [{ note: 'nothing' }] }), 'steps[0]: has to be one of send, do, pause')
  t.equal(refusal({ steps: [{ send: { side: 'c', frame: '00' } }] }), 'steps[0].out: not a list')
  t.equal(refusal({ steps: [{ send: { side: 'x', frame: '00' } }] }), "steps[0].send.side: 'x' is not c or r")
  t.equal(refusal({ steps: [{ do: 'ipvsadm -Ln' }] }), 'steps[0].result: not an object')
  t.equal(
    refusal({ steps: [{ do: 'ipvsadm -Ln', result: { out: '', err: '' } }] }),
    'steps[0].result.status: not a whole number',
  )
  t.equal(refusal({ steps: [{ pause: 'a while' }] }), 'steps[0].pause: not a number of seconds')
  t.equal(refusal({ scenario: {} }), 'chosen: missing, though there is a scenario')
  t.equal(refusal({ setup_result: { status: 1.5 } }), 'setup_result.status: not a whole number')
  t.equal(refusal({ steps: [{ send: { side: 'c', frame: 1 }, out: [] }] }), 'steps[0].send.frame: not a text')
})
