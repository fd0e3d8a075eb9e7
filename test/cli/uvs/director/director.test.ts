import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { allServices } from '../../../../src/control/protocol/all-services.js'
import { connectControl } from '../../../../src/control/socket/client.js'
import { ip, ownNetworkWithTap, veth } from '../../../linux/own-network.js'
import { unhooked } from '../../../e2e/unhooked.js'
import { tempDir } from '../../../support/temp.js'

const skip = ownNetworkWithTap()
const MAIN = fileURLToPath(new URL('../../../../src/cli/uvs/main.js', import.meta.url))
const PATIENCE = 60_000

/** `uvs director` as a process of its own. */
class Process {
  out = ''
  err = ''
  readonly #child: ChildProcess
  readonly #ended: Promise<number | null>

  constructor(t: Pick<typeof import('tap').t, 'teardown'>, line: string) {
    const child = spawn('env', unhooked([MAIN, 'director', ...line.split(' ').filter(Boolean)]), {
      timeout: 200_000,
      killSignal: 'SIGKILL',
    })
    child.stdout.on('data', chunk => (this.out += String(chunk)))
    child.stderr.on('data', chunk => (this.err += String(chunk)))
    this.#child = child
    this.#ended = once(child, 'close').then(([code]) => code as number | null)
    t.teardown(async () => {
      child.kill('SIGKILL')
      await this.#ended
    })
  }
  /** Nobody reads what it says any more. */
  leave(): void {
    this.#child.stdout?.destroy()
    this.#child.stderr?.destroy()
  }
  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }
  /** Its status, or 'goes on' when it has not ended in time. */
  async ended(): Promise<number | null | 'goes on'> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<'goes on'>(resolve => (timer = setTimeout(() => resolve('goes on'), PATIENCE)))
    const status = await Promise.race([this.#ended, late])
    clearTimeout(timer)
    return status
  }
  /** Whether its first line came in time. */
  async ready(): Promise<boolean> {
    const until = performance.now() + PATIENCE
    while (!this.out.includes('\n') && performance.now() < until && this.#child.exitCode === null)
      await new Promise(resolve => setTimeout(resolve, 20))
    return this.out.includes('uvs director: ready')
  }
}

// Starting a process takes seconds on a machine that is busy with other tests.
t.setTimeout(230_000)

t.test('uvs director', { skip }, async t => {
  veth('dc', 'c0')
  ip('link set lo up')
  ip('link set dc address 02:00:00:00:01:01')
  const least = '--raw dc --address 10.99.1.1/24@dc --max-connections 1024'

  await t.test('it says when it is ready; SIGTERM and SIGINT end it with status 0 and no socket', async t => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const path = `${tempDir(t)}/uvs.sock`
      const director = new Process(t, `${least} --control ${path}`)
      t.ok(await director.ready(), director.err)
      t.equal(director.out, `uvs director: ready on dc (02:00:00:00:01:01, mtu 1500); control socket ${path}\n`)
      t.equal(statSync(path).mode & 0o777, 0o600)
      director.kill(signal)
      t.equal(await director.ended(), 0, signal)
      t.equal(director.err, '')
      t.notOk(existsSync(path), 'the socket is removed')
    }
  })

  await t.test('it goes on where nobody reads its lines', async t => {
    const path = `${tempDir(t)}/uvs.sock`
    const director = new Process(t, `${least} --control ${path}`)
    t.ok(await director.ready(), director.err)
    director.leave()
    const client = connectControl(path)
    for (let turn = 0; turn < 3; turn++) {
      director.kill('SIGHUP') // there is no --rules, which it says
      await wait(50)
      t.match(await client.call({ op: 'timeouts' }), { ok: true })
    }
    client.close()
    director.kill('SIGTERM')
    t.equal(await director.ended(), 0)
  })

  await t.test('a second one on the same socket, or the same TAP device, is refused in one line', async t => {
    const path = `${tempDir(t)}/uvs.sock`
    const tap = '--tap tq0 --address 10.99.3.1/24@tq0 --max-connections 1024'
    const first = new Process(t, `${tap} --control ${path}`)
    t.ok(await first.ready(), first.err)
    const sameSocket = new Process(t, `${least} --control ${path}`)
    t.equal(await sameSocket.ended(), 1)
    t.strictSame(
      [sameSocket.out, sameSocket.err],
      ['', `uvs director: cannot listen on ${path}: another director answers there\n`],
    )
    const sameTap = new Process(t, `${tap} --control ${path}2`)
    t.equal(await sameTap.ended(), 1)
    t.strictSame([sameTap.out, sameTap.err], ['', 'uvs director: TAP device tq0: another process holds it (EBUSY)\n'])
    t.notOk(existsSync(`${path}2`))
    const client = connectControl(path)
    t.match(await client.call({ op: 'services' }), { ok: true, value: { rows: [] } }, 'the first one goes on')
    client.close()
    first.kill('SIGTERM')
    t.equal(await first.ended(), 0)
    t.throws(() => ip('link show tq0'), 'the TAP device is gone')
  })

  await t.test('options that cannot be meant: status 2 and one line', async t => {
    const lines: [options: string, says: RegExp][] = [
      ['', /^uvs director: --raw IF\[,IF\], --tap IF\[,IF\] or --libpcap IF\[,IF\]: give one of the three$/m],
      ['--tap tq0', /^uvs director: --address: /],
      [`${least} --nosuch`, /^uvs director: --nosuch: there is no such option/],
      [`${least} --workers 65`, /^uvs director: --workers: '65' is not a whole number from 1 to 64$/m],
      ['--raw dc --address 10.99.1.1/24@eth9', /there is no interface 'eth9' here, only dc/],
      [`${least} --route default=192.0.2.1`, /^uvs director: --route: 'default=192\.0\.2\.1': the gateway is on none/],
    ]
    const path = `${tempDir(t)}/uvs.sock`
    for (const [options, says] of lines) {
      const director = new Process(t, `${options} --control ${path}`)
      t.equal(await director.ended(), 2, options)
      t.equal(director.out, '', options)
      t.match(director.err, says)
      t.match(director.err, /^[^\n]+\n$/, 'one line')
      t.notOk(existsSync(path))
    }
  })

  await t.test('what the system refuses: status 1 and one line', async t => {
    veth('dd', 'd0')
    ip('link set dd down')
    const path = `${tempDir(t)}/uvs.sock`
    writeFileSync(`${path}.file`, '')
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    t.teardown(() => taken.close())
    const { port } = taken.address() as { port: number }
    const lines: [options: string, says: string][] = [
      [`--raw nosuch --address 10.99.1.1/24@nosuch --control ${path}`, 'nosuch: there is no such interface (ENODEV)'],
      [`--raw dd --address 10.99.1.1/24@dd --control ${path}`, 'dd: the interface is down (ENETDOWN)'],
      [`${least} --control ${path}.file`, `cannot listen on ${path}.file: there is a file that is not a socket`],
      [
        `${least} --control ${path} --http 127.0.0.1:${port}`,
        `--http: cannot listen on 127.0.0.1:${port}: address already in use`,
      ],
    ]
    for (const [options, says] of lines) {
      const director = new Process(t, options)
      t.equal(await director.ended(), 1, says)
      t.strictSame([director.out, director.err], ['', `uvs director: ${says}\n`])
      t.notOk(existsSync(path), 'no socket is left')
    }
  })

  await t.test('--rules are set before it is ready; blank lines and comments are passed over', async t => {
    const directory = tempDir(t)
    const rules = `${directory}/rules`
    const path = `${directory}/uvs.sock`
    writeFileSync(
      rules,
      '# two servers\n\n-A -t 10.99.1.100:80 -s rr\n  -a -t 10.99.1.100:80 -r 10.99.2.11:80 -m -w 3\n-A -u 10.99.1.100:53\n',
    )
    const director = new Process(t, `${least} --control ${path} --rules ${rules}`)
    t.ok(await director.ready(), director.err)
    const client = connectControl(path)
    t.match(await allServices(client, { protocol: 'tcp', address: '10.99.1.100', port: 80 }), {
      value: [{ scheduler: 'rr', destinations: [{ address: '10.99.2.11', port: 80, weight: 3 }] }],
    })
    t.match(await allServices(client), { value: [{}, {}] })
    const hangUp = async (text: string, says: RegExp): Promise<void> => {
      writeFileSync(rules, text)
      const before = director.err
      director.kill('SIGHUP')
      for (let tries = 0; director.err === before && tries < 3000; tries++) await wait(20)
      t.match(director.err.slice(before.length), says)
    }
    await hangUp(
      '-A -t 10.99.1.100:80 -s wlc\n',
      /SIGHUP: .*rules: 1 service changed, 1 deleted, 1 real server deleted; 0/,
    )
    await hangUp('-A -u 10.99.1.100:53\n-A -t nonsense\n', /SIGHUP: nothing has changed: --rules: .*rules line 2: /)
    t.match(await allServices(client), { value: [{ scheduler: 'wlc' }] })
    writeFileSync(rules, '-A -u 10.99.1.100:53\n')
    for (let i = 0; i < 5; i++) director.kill('SIGHUP')
    for (let tries = 0; !director.err.includes('1 service added') && tries < 3000; tries++) await wait(20)
    t.match(await allServices(client), { value: [{ protocol: 'udp' }] }, 'five at once do no harm')
    client.close()
    director.kill('SIGTERM')
    t.equal(await director.ended(), 0)
  })

  await t.test('SIGHUP without --rules is a line', async t => {
    const director = new Process(t, `${least} --control ${tempDir(t)}/uvs.sock`)
    t.ok(await director.ready(), director.err)
    director.kill('SIGHUP')
    for (let tries = 0; director.err === '' && tries < 3000; tries++) await wait(20)
    t.equal(
      director.err,
      'uvs director: SIGHUP: there is no --rules or --keepalived FILE, and no --etcd, to read again\n',
    )
    director.kill('SIGTERM')
    t.equal(await director.ended(), 0)
  })

  await t.test('a bad line of --rules ends the start with its file and number', async t => {
    const directory = tempDir(t)
    const path = `${directory}/uvs.sock`
    const cases: [text: string, says: RegExp][] = [
      [
        '-A -t 10.99.1.100:80 -s rr\n\n-A -t 10.99.1.100:80 -s rr\n',
        /--rules: .*\/rules0 line 3: Service already exists \(-A -t 10.99.1.100:80 -s rr\)$/m,
      ],
      ['# a comment\n-A -t nonsense\n', /--rules: .*\/rules1 line 2: /],
      ['-A -t 10.99.1.100:80 -s nosuch\n', /--rules: .*\/rules2 line 1: /],
      ['-L\n', /--rules: .*\/rules3 line 1: '-L' sets nothing/],
      ['-a -t 10.99.1.100:80 -r 10.99.2.11 -m\n', /--rules: .*\/rules4 line 1: Service not defined \(-a .*\)$/m],
      ['-A -t 10.99.1.100:80\n-C\n', /--rules: .*\/rules5 line 2: '-C' is no rule/],
      ['foo\u001b[31m\n', /--rules: .*\/rules6 line 1: 'foo\ufffd\[31m' is no rule: -A .* \(foo\ufffd\[31m\)$/m],
      ['--foo\n', /--rules: .*\/rules7 line 1: '--foo' is no rule: -A/],
      ['-A -t 10.99.1.100:80 -s é\n', /--rules: .*\/rules8 line 1: Scheduler or persistence engine not found/],
    ]
    for (const [i, [text, says]] of cases.entries()) {
      const rules = `${directory}/rules${i}`
      writeFileSync(rules, text)
      const director = new Process(t, `${least} --control ${path} --rules ${rules}`)
      t.equal(await director.ended(), 2, text)
      t.equal(director.out, '', 'it was never ready')
      t.match(director.err, says)
      t.match(director.err, /^[^\n]+\n$/, 'one line')
      t.notOk(existsSync(path))
    }
    const absent = new Process(t, `${least} --control ${path} --rules ${directory}/absent`)
    t.equal(await absent.ended(), 2)
    t.equal(absent.err, `uvs director: --rules: cannot read ${directory}/absent: no such file or directory\n`)
    const endless = new Process(t, `${least} --control ${path} --rules /dev/zero`)
    t.equal(await endless.ended(), 2)
    t.equal(endless.err, 'uvs director: --rules: /dev/zero is larger than 64 MiB\n')
  })

  await t.test('--http serves /metrics for as long as it runs', async t => {
    const path = `${tempDir(t)}/uvs.sock`
    const director = new Process(t, `${least} --control ${path} --http 19100`)
    t.ok(await director.ready(), director.err)
    t.equal(await (await fetch('http://127.0.0.1:19100/healthz')).text(), 'ok\n')
    const response = await fetch('http://127.0.0.1:19100/metrics')
    t.equal(response.status, 200)
    const text = await response.text()
    t.match(text, /^uvs_frames_total\{verdict="balanced"\} 0$/m)
    t.match(text, /^uvs_device_dropped_frames_total\{device="dc"\} \d+$/m)
    t.match(text, /^uvs_loop_turn_seconds_count\{worker="0"\} [1-9]/m)
    t.match(text, /^uvs_data_plane_cpu_seconds_total\{mode="user",worker="0"\} \d+(\.\d+)?$/m, "its own thread's")
    t.match(text, /^uvs_data_plane_heap_bytes\{state="used",worker="0"\} [1-9]\d{6}/m)
    director.kill('SIGTERM')
    t.equal(await director.ended(), 0, 'a client that keeps its connection does not hold it up')
  })

  await t.test("beside the kernel it starts with nothing else, and says what stays the kernel's", async t => {
    ip('addr add 10.99.1.1/24 dev dc')
    t.teardown(() => ip('addr del 10.99.1.1/24 dev dc'))
    for (const [options, err] of [
      ['--raw dc', /^$/],
      [
        least,
        /^uvs director: the kernel holds 10\.99\.1\.1: it stays the kernel's, and --address 10\.99\.1\.1\/24@dc is left out\n$/,
      ],
    ] as const) {
      const path = `${tempDir(t)}/uvs.sock`
      const director = new Process(t, `${options} --control ${path}`)
      t.ok(await director.ready(), director.err)
      t.match(director.out, 'ready on dc (02:00:00:00:01:01, mtu 1500, beside the kernel)')
      t.match(director.err, err)
      const second = new Process(t, `--raw dc --control ${path}2`)
      t.equal(await second.ended(), 1)
      t.match(second.err, /^uvs director: a second director on dc: [^\n]*\n$/)
      director.kill('SIGTERM')
      t.equal(await director.ended(), 0)
    }
  })
})
