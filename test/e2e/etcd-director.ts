import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { allServices } from '../../src/control/protocol/all-services.js'
import type { ServiceInfo } from '../../src/control/protocol/api.js'
import { connectControl } from '../../src/control/socket/client.js'
import { unhooked } from './unhooked.js'

const MAIN = fileURLToPath(new URL('../../src/cli/uvs/main.js', import.meta.url))
const PATIENCE_MS = 60_000

/** Waits until it is so. Fails the test after a minute; `more` is said then. */
export async function until(
  t: Test,
  what: string,
  is: () => boolean | Promise<boolean>,
  more = () => '',
): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  while (performance.now() < end) {
    if (await is()) return
    await sleep(20)
  }
  t.fail(`not within a minute: ${what}`, { more: more() })
}

/** A director that follows etcd, as a process of its own. */
export class EtcdDirector {
  out = ''
  err = ''
  readonly control: ReturnType<typeof connectControl>
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>

  constructor(t: Test, socket: string, args: readonly string[]) {
    const child = spawn('env', unhooked([MAIN, 'director', ...args, '--control', socket]), {
      timeout: 400_000,
      killSignal: 'SIGKILL',
    })
    child.stdout.on('data', chunk => (this.out += String(chunk)))
    child.stderr.on('data', chunk => (this.err += String(chunk)))
    this.#child = child
    this.#ended = once(child, 'close')
    this.control = connectControl(socket)
    t.teardown(() => this.end('SIGKILL'))
  }

  async ready(t: Test): Promise<void> {
    await until(
      t,
      'ready',
      () => this.out.includes('ready on') || this.#child.exitCode !== null,
      () => this.err,
    )
    t.match(this.out, /ready on/, this.err)
  }

  /** Waits for a line of its log, which may come later than what it is about. */
  async says(t: Test, line: RegExp): Promise<void> {
    await until(
      t,
      `${line} is said`,
      () => line.test(this.err),
      () => this.err,
    )
    t.match(this.err, line)
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }
  async end(signal: NodeJS.Signals): Promise<void> {
    this.control.close()
    this.#child.kill(signal)
    await this.#ended
  }

  async services(): Promise<ServiceInfo[]> {
    const reply = await allServices(this.control)
    return reply.ok ? reply.value : []
  }
  /** `10.0.0.1:80 rr 10.0.1.1=1,10.0.1.2=0`, one each, sorted. */
  async rules(): Promise<string[]> {
    const texts = (await this.services()).map(service => {
      const where = 'mark' in service ? `mark ${service.mark}` : `${service.address}:${service.port}`
      const servers = service.destinations.map(({ address, weight }) => `${address}=${weight}`).sort()
      return `${where} ${service.scheduler} ${servers.join()}`
    })
    return texts.sort()
  }
}
