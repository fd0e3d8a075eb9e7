import { isAlive } from '../linux/process-id.js'
import { quietDevices, quietSysctls } from './arp.js'
import { KERNEL_DEVICE } from './devices.js'
import { addressesOf, type Host, isUp, link } from './host.js'
import { rpFilterOf, tunnelRpFilter } from './reverse-path.js'
import { type State, tunnelledVips } from './state.js'

/** Lists how the host differs from what `start` left, a line each, apart from whether the decapsulator lives. Changes nothing. */
export function differences(host: Host, state: State): string[] {
  const vips = Object.keys(state.vips)
  return [...missing(host, 'lo', vips), ...loudSysctls(host, state), ...tunnelDifferences(host, state)]
}

function missing(host: Host, device: string, vips: readonly string[]): string[] {
  const line = link(host, device)
  if (line === undefined) return [`the device ${device} is gone`]
  const held = addressesOf(host, device).map(cidr => cidr.split('/')[0])
  const absent = vips.filter(vip => !held.includes(vip)).map(vip => `${vip} is not on ${device}`)
  return isUp(line) ? absent : [`${device} is down`, ...absent]
}

function loudSysctls(host: Host, { changes }: State): string[] {
  return quietDevices(changes).flatMap(device =>
    quietSysctls(device).flatMap(({ name, knob, least }) => {
      const now = host.sysctl(name)
      return now === undefined || Number(now) >= least ? [] : [`${knob} of ${device} is ${now}, not ${least}`]
    }),
  )
}

function tunnelDifferences(host: Host, state: State): string[] {
  const tunnelled = tunnelledVips(state)
  if (tunnelled.length === 0) return []
  if (state.way === 'kernel') return deviceDifferences(host, KERNEL_DEVICE, tunnelled)
  const { decapsulator } = state
  if (!decapsulator) return [`nobody opens tunnels to ${tunnelled.join(', ')}`]
  if (!isAlive(decapsulator.process)) return [] // the TUN device is gone too
  const { interfaces, device } = decapsulator.options
  const gone = interfaces.filter(name => link(host, name) === undefined)
  return [
    ...gone.map(name => `the interface ${name}, where tunnels end, is gone`),
    ...deviceDifferences(host, device, tunnelled),
  ]
}

function deviceDifferences(host: Host, device: string, vips: readonly string[]): string[] {
  const [wanted, now] = [tunnelRpFilter(host), host.sysctl(rpFilterOf(device))]
  const isStrict = now !== undefined && now !== wanted
  return [...missing(host, device, vips), ...(isStrict ? [`rp_filter of ${device} is ${now}, not ${wanted}`] : [])]
}
