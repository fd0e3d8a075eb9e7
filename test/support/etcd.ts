import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { readEndpoints, type Endpoint } from '../../src/etcd/endpoints.js'
import { tempDir } from './temp.js'

/** Why tests with a real etcd are left out; false where they run. */
export const NO_ETCD: string | false =
  spawnSync('etcd', ['--version']).status === 0 ? false : 'etcd is not installed (Debian: etcd-server)'

/** A member that the test can end and start again, with its data. */
export interface EtcdMember {
  readonly endpoint: string
  /** Without TLS, whatever the endpoint has. */
  readonly healthUrl: string
  /** What it was started with, to be started with more. */
  readonly dataDir: string
  readonly pid: number | undefined
  start(...more: string[]): Promise<void>
  kill(signal?: NodeJS.Signals): Promise<void>
}

export interface EtcdCluster {
  readonly members: readonly EtcdMember[]
  readonly endpoints: Endpoint[]
}

/** Files in PEM form. Clients need a certificate of the same authority. */
export interface EtcdPems {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** Starts a cluster on loopback, on ports that are free; it ends with the test. */
export async function startEtcd(
  t: Test,
  members = 1,
  more: readonly string[] = [],
  pems?: EtcdPems,
): Promise<EtcdCluster> {
  const dir = tempDir(t)
  const ports = await freePorts(3 * members)
  const peers = ports.slice(members, 2 * members).map((port, i) => `m${i}=http://127.0.0.1:${port}`)
  const all = peers.map((peer, i) => {
    const [name, peerUrl] = peer.split('=') as [string, string]
    const clientUrl = `${pems ? 'https' : 'http'}://127.0.0.1:${ports[i]!}`
    // Its health, without a certificate.
    const healthUrl = `http://127.0.0.1:${ports[2 * members + i]!}`
    const flags = ['--name', name, '--data-dir', join(dir, name)]
    flags.push('--listen-client-urls', clientUrl, '--advertise-client-urls', clientUrl)
    flags.push('--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl)
    flags.push('--initial-cluster', peers.join(), '--log-level', 'error', ...more)
    flags.push('--listen-metrics-urls', healthUrl)
    if (pems)
      flags.push('--client-cert-auth', '--trusted-ca-file', pems.ca, '--cert-file', pems.cert, '--key-file', pems.key)
    return new Member(clientUrl, healthUrl, join(dir, name), flags)
  })
  t.teardown(() => Promise.all(all.map(member => member.kill())))
  await Promise.all(all.map(member => member.start()))
  return { members: all, endpoints: readEndpoints(all.map(({ endpoint }) => endpoint).join()) }
}

class Member implements EtcdMember {
  readonly endpoint: string
  readonly dataDir: string
  readonly healthUrl: string
  readonly #flags: readonly string[]
  #process: ChildProcess | undefined

  constructor(endpoint: string, healthUrl: string, dataDir: string, flags: readonly string[]) {
    this.endpoint = endpoint
    this.healthUrl = healthUrl
    this.dataDir = dataDir
    this.#flags = flags
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  /** Waits until it answers with a leader. */
  async start(...more: string[]): Promise<void> {
    const child = spawn('etcd', [...this.#flags, ...more], { stdio: 'ignore' })
    this.#process = child
    for (let i = 0; i < 600; i++) {
      if (child.exitCode !== null) throw new Error(`etcd ended with ${child.exitCode}`)
      const answer = await fetch(`${this.healthUrl}/health`, { signal: AbortSignal.timeout(2000) }).catch(
        () => undefined,
      )
      if (answer?.ok) return
      await sleep(100)
    }
    throw new Error(`${this.endpoint} is not healthy within a minute`)
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#process
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise(resolve => child.once('exit', resolve))
    child.kill(signal)
    await ended
  }
}

/** Ports that nobody has just now. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer()
      return new Promise<typeof server>(resolve => server.listen(0, '127.0.0.1', () => resolve(server)))
    }),
  )
  const ports = servers.map(server => (server.address() as { port: number }).port)
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
  return ports
}

/** The member that leads now. */
export async function leaderOf({ members }: EtcdCluster): Promise<EtcdMember> {
  for (let i = 0; i < 300; i++) {
    for (const member of members) {
      const answer = await fetch(`${member.endpoint}/v3/maintenance/status`, {
        method: 'POST',
        body: '{}',
        signal: AbortSignal.timeout(2000),
      }).catch(() => undefined)
      if (!answer?.ok) continue
      const { header, leader } = (await answer.json()) as { header: { member_id: string }; leader?: string }
      if (leader === header.member_id) return member
    }
    await sleep(100)
  }
  throw new Error('no leader within half a minute')
}
