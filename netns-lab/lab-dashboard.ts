import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NetnsLab } from './netns-lab.js'
import { ours } from './tools.js'

/** In the director's namespace, where nothing else listens. */
const AT = '127.0.0.1:9100'

/** The dashboard of a standing lab's director, reached from the host's loopback. */
export class LabDashboard {
  readonly token = randomBytes(18).toString('base64url')
  readonly #lab: NetnsLab
  readonly #tokens: string

  /** Writes the file of who may change something, below the lab's folder, which only its owner may enter. */
  constructor(lab: NetnsLab) {
    this.#lab = lab
    this.#tokens = join(lab.spaces.ledger.dir, 'dashboard-tokens')
    writeFileSync(this.#tokens, `lab ${this.token}\n`, { mode: 0o600, flag: 'wx' })
  }

  /** For `uvs director`. */
  get options(): string[] {
    return ['--http', AT, '--http-admin', this.#tokens]
  }

  /** Returns the dashboard's address. */
  async open(): Promise<string> {
    return `http://${await relayedOut(this.#lab, 'dashboard', AT)}/`
  }
}

/** Starts what carries connections from the host's loopback to `at` in the director's namespace. Returns where it listens. */
export async function relayedOut({ spaces }: NetnsLab, name: string, at: string): Promise<string> {
  const middle = join(spaces.ledger.dir, `${name}.sock`)
  await spaces.startListening('director', `${name}-inside`, ours('netns-lab/relay.js'), [middle, at])
  return spaces.startListening(undefined, name, ours('netns-lab/relay.js'), ['127.0.0.1:0', middle])
}
