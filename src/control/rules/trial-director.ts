import { Director } from '../../director/director.js'
import type { Scheduler } from '../../sched/scheduler.js'
import { WHOLE_ADDRESS, type DataPlaneOptions } from '../../plane/data-plane-options.js'
import { sharedWithKernel } from '../../plane/worker-messages.js'
import { loadScheduler } from '../../plane/load-scheduler.js'

/** The smallest table: no frame ever comes. */
const CONNECTIONS = 1
const NO_MAC = { hi: 0, lo: 0 }
const ANY_MTU = 1500

/**
 * Returns a function that makes trial directors: without rules, with the real one's addresses and schedulers. Stand-ins replace
 * the user's schedulers. UsageError for an option that the real director could not start with.
 */
export async function trialDirectorMaker({
  devices,
  director,
  schedulers = [],
  workers = 1,
  host,
}: DataPlaneOptions): Promise<() => Director> {
  const standIns = (await Promise.all(schedulers.map(loadScheduler))).map(({ name }) => standIn(name))
  return () => {
    const trial = new Director({
      links: devices.map(device => ({
        name: device.name,
        mac: NO_MAC,
        mtu: ANY_MTU,
        ...sharedWithKernel(device),
      })),
      egress: { transmit: () => true },
      addresses: director.addresses,
      ...(director.vips && { vips: director.vips }),
      ...(director.isStandby && { isStandby: true }),
      ...(workers > 1 && { clientMask: director.clientMask ?? WHOLE_ADDRESS }),
      maxConnections: CONNECTIONS,
      seed: 0,
      now: 0,
      schedulers: standIns,
    })
    if (host) trial.follow(host)
    return trial
  }
}

function standIn(name: string): Scheduler {
  return { name, bind: () => ({ schedule: () => undefined }) }
}
