import { connectControl } from '../../src/control/socket/client.js'
import type { Namespaces } from '../namespaces.js'
import { until } from '../proc.js'
import { ours, which } from '../tools.js'
import { DIRECT, KEPT, METHOD, PORT, ROUTER, SERVER_ADDRESS, type ServerName, SERVERS } from './fleet-plan.js'

const URL = `http://${ROUTER}:2379`
const PREFIX = '/uvs/lab'
/** etcd takes long to start where the machine is busy. */
const START_MS = 60_000
const LOOK_MS = 20

/** One etcd, on the router's host, with the services that are the same on all directors. */
export class FleetEtcd {
  static get isThere(): boolean {
    return which('etcd') !== undefined
  }
  /** What a director that follows it is started with. */
  static options(name: string, stateDirectory: string): string[] {
    return ['--etcd', URL, '--etcd-prefix', PREFIX, '--etcd-name', name, '--etcd-state', stateDirectory]
  }

  constructor(readonly spaces: Namespaces) {}

  async start(directory: string): Promise<void> {
    const urls = [
      '--listen-client-urls',
      URL,
      '--advertise-client-urls',
      URL,
      '--listen-peer-urls',
      `http://${ROUTER}:2380`,
    ]
    this.spaces.start('router', 'etcd', which('etcd')!, ['--data-dir', directory, '--log-level', 'error', ...urls])
    let isThere = false
    const tryIt = async (): Promise<void> => {
      while (!isThere && !this.spaces.signal?.aborted)
        isThere = await this.put({}).then(() => true, () => false) // prettier-ignore
    }
    void tryIt()
    if (!(await until(() => isThere, START_MS, this.spaces.signal)))
      throw new Error(`etcd does not answer: ${this.spaces.logged('etcd')}`)
  }

  /** Sets the services at once, with these weights; others are 1. Returns when that began, ms since 1970. */
  async put(weights: Partial<Record<ServerName, number>>): Promise<number> {
    const words = KEPT.flatMap(vip => [`${PREFIX}/services/${METHOD[vip]}`, valueOf(vip, weights)])
    return Number(
      await this.spaces.must('router', process.execPath, [ours('netns-lab/fleet/etcd-put.js'), URL, ...words]),
    )
  }
}

function valueOf(vip: (typeof KEPT)[number], weights: Partial<Record<ServerName, number>>): string {
  const method = vip === DIRECT ? 'direct' : 'tunnel'
  const destinations = SERVERS.map(name => {
    return { address: SERVER_ADDRESS[name], port: PORT, method, weight: weights[name] ?? 1 }
  })
  const service = { protocol: 'tcp', address: vip, port: PORT, scheduler: 'mh', schedFlags: 2, destinations }
  return JSON.stringify({ version: 1, service })
}

/** Resolves when the directors at these control sockets all have the weight. */
export async function allHave(sockets: readonly string[], server: ServerName, weight: number): Promise<void> {
  await Promise.all(
    sockets.map(async socket => {
      const control = connectControl(socket)
      try {
        for (const address of KEPT) {
          const service = { protocol: 'tcp', address, port: PORT } as const
          for (;;) {
            const reply = await control.call<'services'>({ op: 'services', service })
            const found = reply.ok ? reply.value.rows[0]?.destinations : undefined
            if (found?.some(it => it.address === SERVER_ADDRESS[server] && it.weight === weight)) break
            await new Promise(resolve => setTimeout(resolve, LOOK_MS))
          }
        }
      } finally {
        control.close()
      }
    }),
  )
}
