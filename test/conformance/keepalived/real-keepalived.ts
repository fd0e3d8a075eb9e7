import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hostSurroundings } from '../../../src/cli/uvs/keepalived/host-surroundings.js'
import { type ReadConfig, readConfig } from '../../../src/keepalived/config/read-config.js'

const INTERFACES = ['eth0', 'eth1', 'eth2', 'ens33', 'ens192', 'enp0s3']
const TIMEOUT_S = 10
const ID = 'host'

/** Undefined: there is one, and it can be asked. */
export function whyNoKeepalived(): string | undefined {
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  for (const tool of [
    ['keepalived', '--version'],
    ['ip', '-V'],
  ])
    if (spawnSync(tool[0]!, tool.slice(1), { stdio: 'ignore' }).error) return `${tool[0]} is not installed`
  return undefined
}

/** What `keepalived -t` says of a file. */
export interface Said {
  /** 128 and above: ended by a signal; so are those that did not end in time. */
  readonly status: number
  readonly output: string
}

/** The real `keepalived -t`, in a network namespace with interfaces of its own. */
export class RealKeepalived {
  readonly #dir = mkdtempSync(join(tmpdir(), 'uvs-keepalived-'))
  readonly #space = `uvs-ka-${process.pid}`

  constructor() {
    ip('netns', 'add', this.#space)
    try {
      this.#cables()
    } catch (error) {
      this.close()
      throw error
    }
  }

  #cables(): void {
    for (const name of INTERFACES) {
      ip('-n', this.#space, 'link', 'add', name, 'type', 'veth', 'peer', 'name', `p${name}`)
      for (const end of [name, `p${name}`]) ip('-n', this.#space, 'link', 'set', end, 'up')
    }
    ip('-n', this.#space, 'addr', 'add', '192.168.200.2/24', 'dev', 'eth0')
    ip('-n', this.#space, 'addr', 'add', '10.0.0.2/24', 'dev', 'eth1')
  }

  ask(text: string): Said {
    writeFileSync(this.file, text)
    const within = ['netns', 'exec', this.#space, 'timeout', '-s', 'KILL', String(TIMEOUT_S)]
    const { status, stdout, stderr } = spawnSync('ip', [...within, 'keepalived', '-t', '-f', this.file, '-i', ID], {
      cwd: this.#dir,
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
    })
    return { status: status ?? 128, output: `${stdout}${stderr}` }
  }

  /** The same file, read by uvs with the same interfaces. */
  uvs(text: string): ReadConfig {
    writeFileSync(this.file, text)
    const host = hostSurroundings({ id: ID, interfaces: [] })
    return readConfig(this.file, {
      ...host,
      hasInterface: name => name === 'lo' || INTERFACES.includes(name),
      isLoopback: name => name === 'lo',
    })
  }

  get file(): string {
    return join(this.#dir, 'f.conf')
  }

  close(): void {
    ip('netns', 'del', this.#space)
    rmSync(this.#dir, { recursive: true })
  }
}

function ip(...args: string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`)
}
