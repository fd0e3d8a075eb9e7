import type { Dice } from './dice.js'
import { drawMethod, hasServicePort } from './generate-methods.js'
import { addLines, drawServer, serverOptions, serviceOptions } from './generate-services.js'
import type { PlannedService } from './planned-service.js'

const LISTINGS = [
  'ipvsadm -Lcn',
  'ipvsadm -Ln --sort',
  'ipvsadm -Ln --thresholds',
  'ipvsadm -Ln --persistent-conn',
  'ipvsadm -L --timeout',
]

type Draw = (dice: Dice) => string

/** Sysctls that change what is done, and the values that do. */
const SYSCTLS: Draw[] = [
  () => 'sloppy_tcp=1',
  () => 'sloppy_sctp=1',
  dice => `conn_reuse_mode=${dice.between(0, 3)}`,
  () => 'expire_nodest_conn=1',
  () => 'expire_quiescent_template=1',
  () => 'nat_icmp_send=1',
  () => 'schedule_icmp=1',
  () => 'secure_tcp=3',
  () => 'drop_packet=3',
  () => 'lblcr_expiration=1',
  () => 'pmtu_disc=0',
]
/** MTUs of routes: of a tunnel or a little less; the least that a path may be told. */
const MTUS = [1400, 1400, 1300, 1480, 1000, 576, 552]
/** With 84 there is nothing left in most tunnels. */
const TINY_MTUS = [300, 100, 84]
const OFF = [
  'sloppy_tcp=0',
  'expire_nodest_conn=0',
  'secure_tcp=0',
  'drop_packet=0',
  'nat_icmp_send=0',
  'drop_packet=4',
  'pmtu_disc=1',
]

/** The kernel looks at it once a second, at a time of its own. */
const SETUP_SYSCTLS: Draw[] = [...SYSCTLS, dice => `am_droprate=${dice.between(1, 4)}`]

/** A line that sets a sysctl, for a setup. */
export function sysctlLine(dice: Dice): string {
  return `sysctl -w net.ipv4.vs.${dice.pick(SETUP_SYSCTLS)(dice)}`
}

/** Lines, each to be run for itself: a listing, a change, or several changes. Some are refused. */
export function drawCommands(dice: Dice, services: readonly PlannedService[]): string[] {
  const service = dice.pick(services)
  const server = (options: (server: string) => string) => {
    const drawn = drawServer(dice, service)
    return `${service.key} -r ${drawn} ${options(drawn)}`
  }
  const options = (drawn: string) => serverOptions(dice, service, drawn, false)
  const draw = dice.weighted<() => string | string[]>([
    [8, () => listing(dice, services)],
    [6, () => `ipvsadm -e ${server(options)}`],
    [4, () => `ipvsadm -a ${server(options)}`],
    [4, () => `ipvsadm -d ${server(() => '')}`],
    [2, () => readded(dice, service)],
    [2, () => `ipvsadm -E ${service.key} ${serviceOptions(dice, service)}`],
    [1, () => `ipvsadm -D ${service.key}`],
    [1, () => addLines(dice, service)],
    [1, () => [`ipvsadm -D ${service.key}`, ...addLines(dice, service)]],
    [1, () => (dice.chance(30) ? 'ipvsadm -C' : 'ipvsadm -Z')],
    [3, () => routeLine(dice, service)],
    [1, () => `ipvsadm --set ${[0, 1, 2].map(() => dice.pick([0, 20, 500])).join(' ')}`],
    [3, () => `sysctl -w net.ipv4.vs.${dice.chance(70) ? dice.pick(SYSCTLS)(dice) : dice.pick(OFF)}`],
  ])
  return [draw()].flat()
}

/** A route to a server, or to a client, that takes less. */
export function routeLine(dice: Dice, service: PlannedService): string {
  const [server = ''] = dice.pick(service.servers).split(':')
  const isClient = !server.startsWith('10.99.2.1') || server === '10.99.2.1' || dice.chance(20)
  const to = isClient ? `${dice.pick(['10.99.1.10', '10.99.1.11'])}/32 dev vec0` : `${server}/32 dev vec1`
  return `ip route replace ${to} mtu ${dice.pick(service.hasTinyMtus ? TINY_MTUS : MTUS)}`
}

/**
 * A server is sent to directly that was not, or no longer. Nothing may be sent on connections that there are then: the
 * kernel has lost their way (case method-change).
 */
export function drawSwitch(dice: Dice, service: PlannedService): string | undefined {
  const servers = service.servers.filter(server => hasServicePort(service, server))
  if (servers.length === 0) return undefined
  const server = dice.pick(servers)
  if (!service.direct.delete(server)) service.direct.add(server)
  return `ipvsadm -e ${service.key} -r ${server} ${drawMethod(dice, service, server)}`
}

function listing(dice: Dice, services: readonly PlannedService[]): string {
  if (dice.chance(10)) return `ipvsadm -Ln ${dice.pick(services).key}`
  if (services.length === 1 && dice.chance(10)) return 'ipvsadm -Ln --nosort'
  return dice.pick(LISTINGS)
}

/** Away and back: what is left of its connections finds it again. */
function readded(dice: Dice, service: PlannedService): string[] {
  const server = dice.pick(service.servers)
  const named = `${service.key} -r ${server}`
  return [`ipvsadm -d ${named}`, `ipvsadm -a ${named} ${serverOptions(dice, service, server, true)}`]
}
