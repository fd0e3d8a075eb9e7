import { randomBytes } from 'node:crypto'
import { hostname, userInfo } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { EtcdClient } from '../../../etcd/etcd-client.js'
import type { FleetKeys } from '../../../fleet/fleet-keys.js'
import { EtcdStore } from '../../../fleet/write/etcd-store.js'
import type { FleetStore } from '../../../fleet/write/fleet-store.js'
import type { WriterWorld } from '../../../fleet/write/writer.js'
import { complain } from '../run-uvs.js'
import { readEtcdOptions } from '../options/etcd-options.js'
import type { Given } from '../options/read-options.js'

/** What a command of the fleet works with. */
export interface FleetSession {
  readonly store: FleetStore
  readonly keys: FleetKeys
  readonly world: WriterWorld
}

const DEFAULT_ETCD = 'http://127.0.0.1:2379'

/** Connects to the etcd of the options or of the environment, and runs the command. UsageError. */
export async function withFleet<T>(given: Given, act: (session: FleetSession) => Promise<T>): Promise<T> {
  const { env } = process
  const { etcd: options, keys } = readEtcdOptions(given, env, env['ETCDCTL_ENDPOINTS'] || DEFAULT_ETCD)!
  const etcd = new EtcdClient(options)
  try {
    return await act({ store: new EtcdStore(etcd, keys.all), keys, world: systemWorld() })
  } finally {
    etcd.close()
  }
}

function systemWorld(): WriterWorld {
  return {
    now: () => performance.now(),
    wait: async ms => void (await sleep(ms)),
    newId: () => randomBytes(8).toString('hex'),
    random: Math.random,
    date: () => new Date().toISOString(),
    by: `${userName()}@${hostname()}`,
    tell: line => complain('fleet', line),
  }
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A user without an entry of passwd.
    return String(process.getuid?.() ?? '?')
  }
}
