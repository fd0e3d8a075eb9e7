import type { Dice } from './dice.js'
import { addLines, drawServer, serverOptions, serviceOptions, type PlannedService } from './generate-services.js'

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
  dice => `am_droprate=${dice.between(1, 4)}`,
  () => 'lblcr_expiration=1',
]
const OFF = [
  'sloppy_tcp=0',
  'expire_nodest_conn=0',
  'secure_tcp=0',
  'drop_packet=0',
  'nat_icmp_send=0',
  'drop_packet=4',
]

/** A line that sets a sysctl, for a setup. */
export function sysctlLine(dice: Dice): string {
  return `sysctl -w net.ipv4.vs.${dice.pick(SYSCTLS)(dice)}`
}

/** Lines, each to be run for itself: a listing, a change, or several changes. Some are refused. */
export function drawCommands(dice: Dice, services: readonly PlannedService[]): string[] {
  const service = dice.pick(services)
  const server = () => `${service.key} -r ${drawServer(dice, service)}`
  const draw = dice.weighted<() => string | string[]>([
    [8, () => listing(dice, services)],
    [6, () => `ipvsadm -e ${server()} ${serverOptions(dice, false)}`],
    [4, () => `ipvsadm -a ${server()} ${serverOptions(dice, false)}`],
    [4, () => `ipvsadm -d ${server()}`],
    [2, () => readded(dice, service)],
    [2, () => `ipvsadm -E ${service.key} ${serviceOptions(dice, service)}`],
    [1, () => `ipvsadm -D ${service.key}`],
    [1, () => addLines(dice, service)],
    [1, () => [`ipvsadm -D ${service.key}`, ...addLines(dice, service)]],
    [1, () => (dice.chance(30) ? 'ipvsadm -C' : 'ipvsadm -Z')],
    [1, () => `ipvsadm --set ${[0, 1, 2].map(() => dice.pick([0, 20, 500])).join(' ')}`],
    [3, () => (dice.chance(70) ? sysctlLine(dice) : `sysctl -w net.ipv4.vs.${dice.pick(OFF)}`)],
  ])
  return [draw()].flat()
}

function listing(dice: Dice, services: readonly PlannedService[]): string {
  if (dice.chance(10)) return `ipvsadm -Ln ${dice.pick(services).key}`
  if (services.length === 1 && dice.chance(10)) return 'ipvsadm -Ln --nosort'
  return dice.pick(LISTINGS)
}

/** Away and back: what is left of its connections finds it again. */
function readded(dice: Dice, service: PlannedService): string[] {
  const server = `${service.key} -r ${dice.pick(service.servers)}`
  return [`ipvsadm -d ${server}`, `ipvsadm -a ${server} ${serverOptions(dice, true)}`]
}
