import type { Dice } from './dice.js'
import type { PlannedService } from './planned-service.js'

const GUE = '-i --tun-type gue --tun-port 6080'
const TUNNELS = [
  '-i',
  '-i',
  '-i --tun-type ipip',
  GUE,
  `${GUE} --tun-nocsum`,
  `${GUE} --tun-csum`,
  `${GUE} --tun-remcsum`,
  '-i --tun-type gre',
  '-i --tun-type gre --tun-csum',
]

/**
 * How a server is sent to, as -a and -e have it. One that is sent to directly stays so, and the others never are: with a
 * method edited from or to that the kernel loses the way of the connections there were (case method-change). And a port
 * that is not the service's is translated.
 */
export function drawMethod(dice: Dice, service: PlannedService, server: string): string {
  if (service.direct.has(server)) return dice.chance(80) ? '-g' : ''
  if (!hasServicePort(service, server)) return '-m'
  return dice.chance(45) ? '-m' : dice.pick(TUNNELS)
}

/** Without translation a server has the service's port. */
export function hasServicePort({ key }: PlannedService, server: string): boolean {
  const port = key.startsWith('-f') ? '0' : key.split(':')[1]
  return server.split(':')[1] === port
}
