import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { tempDir } from '../support/temp.js'

/** Why there is none, or false. */
export const noPrometheus =
  spawnSync('prometheus', ['--version']).status === 0 ? false : 'there is no prometheus (apt-get install prometheus)'

type Test = Parameters<typeof tempDir>[0] & { teardown(fn: () => Promise<void>): void }
type Json = Record<string, unknown>

export interface Sample {
  metric: Record<string, string>
}

/** A Prometheus of the test's own, that scrapes 127.0.0.1:`port` every second as job uvs. It ends with the test. */
export async function prometheus(t: Test, port: number, rules: string): Promise<Prometheus> {
  const directory = tempDir(t)
  const own = await freePort()
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [rules],
    scrape_configs: [{ job_name: 'uvs', static_configs: [{ targets: [`127.0.0.1:${port}`] }] }],
  }
  writeFileSync(`${directory}/prometheus.yml`, JSON.stringify(config)) // JSON is YAML
  const flags = { 'config.file': `${directory}/prometheus.yml`, 'storage.tsdb.path': `${directory}/data` }
  const args = Object.entries({ ...flags, 'web.listen-address': `127.0.0.1:${own}`, 'log.level': 'warn' })
  const child = spawn(
    'prometheus',
    args.map(([name, value]) => `--${name}=${value}`),
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: 220_000,
      killSignal: 'SIGKILL',
    },
  )
  let said = ''
  child.stderr.on('data', chunk => (said += String(chunk)))
  const ended = once(child, 'close')
  t.teardown(async () => {
    child.kill('SIGTERM')
    await ended
  })
  const made = new Prometheus(`http://127.0.0.1:${own}`)
  for (let tries = 0; !(await made.isReady()); tries++) {
    if (child.exitCode !== null || tries > 900) throw new Error(`prometheus does not start: ${said}`)
    await sleep(100)
  }
  return made
}

/** Its HTTP API. */
export class Prometheus {
  readonly #base: string

  constructor(base: string) {
    this.#base = base
  }
  async isReady(): Promise<boolean> {
    return fetch(`${this.#base}/-/ready`).then(
      response => response.ok,
      () => false,
    )
  }
  /** What an expression comes to now. Throws what Prometheus has against it. */
  async query(expr: string): Promise<Sample[]> {
    const { result } = await this.get(`query?query=${encodeURIComponent(expr)}`)
    return result as Sample[]
  }
  async get(path: string): Promise<Json> {
    const answer = (await (await fetch(`${this.#base}/api/v1/${path}`)).json()) as Json & { data: Json }
    if (answer.status !== 'success') throw new Error(String(answer.error))
    if (answer.warnings) throw new Error(String(answer.warnings))
    return answer.data
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
