import { Director } from '../../director/director.js'
import type { Scheduler } from '../../sched/scheduler.js'
import { WHOLE_ADDRESS, type DataPlaneOptions } from '../../plane/data-plane-options.js'
import { loadScheduler } from '../../plane/load-scheduler.js'

/** The fewest there can be: no frame ever comes. */
const CONNECTIONS = 1
const NO_MAC = { hi: 0, lo: 0 }
const ANY_MTU = 1500

/**
 * Makes directors for trying rules on: as empty as the real one at its start, with the same addresses and schedulers. Those of
 * the user are there by name only. UsageError for an option that the real one could not start with.
 */
export async function trialDirectorMaker({
  devices,
  director,
  schedulers = [],
  workers = 1,
}: DataPlaneOptions): Promise<() => Director> {
  const standIns = (await Promise.all(schedulers.map(loadScheduler))).map(({ name }) => standIn(name))
  return () =>
    new Director({
      ports: devices.map(({ name }) => ({ name, mac: NO_MAC, mtu: ANY_MTU })),
      egress: { transmit: () => true },
      addresses: director.addresses,
      ...(director.vips && { vips: director.vips }),
      ...(workers > 1 && { clientMask: director.clientMask ?? WHOLE_ADDRESS }),
      maxConnections: CONNECTIONS,
      seed: 0,
      now: 0,
      schedulers: standIns,
    })
}

function standIn(name: string): Scheduler {
  return { name, bind: () => ({ schedule: () => undefined }) }
}
