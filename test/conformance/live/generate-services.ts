import type { Dice } from './dice.js'
import { drawMethod, hasServicePort } from './generate-methods.js'
import type { PlannedService } from './planned-service.js'
import type { Protocol } from './scenario.js'

export const VIPS = ['10.99.1.100', '10.99.1.101']
const SERVERS = ['10.99.2.11', '10.99.2.12', '10.99.2.13', '10.99.2.14']
/* On the clients' side; behind the gateway; the director itself, by each of its addresses. */
const ODD_SERVERS = ['10.99.1.30', '192.0.2.50', '10.99.2.1', '10.99.1.1', '10.99.1.100', '10.99.1.101', '127.0.0.1']
const SCHEDULERS = ['rr', 'wrr', 'lc', 'wlc', 'sed', 'nq', 'sh', 'dh', 'lblc', 'lblcr', 'mh', 'fo', 'ovf']
const SERVICE_OPTIONS = { tcp: '-t', udp: '-u', sctp: '--sctp-service' }

/** A service, and the lines that make it, for a setup: all of them go well. */
export function planService(
  dice: Dice,
  taken: readonly PlannedService[],
  isBrief: boolean,
  hasTinyMtus: boolean,
): { service: PlannedService; lines: string[] } {
  const service = { ...draw(dice), isBrief, hasTinyMtus, direct: new Set<string>() }
  if (taken.some(({ key }) => key === service.key)) return planService(dice, taken, isBrief, hasTinyMtus)
  const directs = dice.pick([0, 30, 100])
  for (const server of service.servers)
    if (hasServicePort(service, server) && dice.chance(directs)) service.direct.add(server)
  return { service, lines: [...markLines(service), ...addLines(dice, service)] }
}

/** `ipvsadm -A`, and `-a` for each server. */
export function addLines(dice: Dice, service: PlannedService): string[] {
  const servers = service.servers.filter(() => dice.chance(90))
  return [
    `ipvsadm -A ${service.key} ${serviceOptions(dice, service)}`,
    ...servers.map(server => `ipvsadm -a ${service.key} -r ${server} ${serverOptions(dice, service, server, true)}`),
  ]
}

/** `-s` and the rest, after -A or -E. */
export function serviceOptions(dice: Dice, service: PlannedService): string {
  const scheduler = dice.pick(SCHEDULERS)
  const options = [`-s ${scheduler}`]
  if ((scheduler === 'sh' || scheduler === 'mh') && dice.chance(60)) {
    const flags = dice.pick([['fallback'], ['port'], ['fallback', 'port']])
    options.push(`-b ${flags.map(flag => `${scheduler}-${flag}`).join(',')}`)
  }
  const mustPersist = service.key.endsWith(':0')
  if (mustPersist || dice.chance(25)) {
    options.push(`-p ${dice.pick([service.isBrief ? 2 : 70, 50, 360])}`)
    if (dice.chance(40))
      options.push(`-M ${dice.pick(['255.255.255.0', '255.255.255.254', '255.0.0.0', '255.255.255.255'])}`)
  }
  if ((service.protocol === 'udp' || service.isMark) && dice.chance(20)) options.push('-o')
  return options.join(' ')
}

/** The method and the rest, after -a or -e. `isRight`: the kernel takes it. */
export function serverOptions(dice: Dice, service: PlannedService, server: string, isRight: boolean): string {
  const options = [
    drawMethod(dice, service, server),
    `-w ${dice.weighted([
      [6, 1],
      [4, 0],
      [9, dice.between(2, 8)],
      [1, dice.pick([100, 150, 3000])],
    ])}`,
  ]
  if (dice.chance(20)) {
    const upper = dice.between(1, 4)
    options.push(`-x ${upper}`)
    if (dice.chance(50)) options.push(`-y ${dice.between(0, isRight ? upper : upper + 1)}`)
  }
  return options.filter(option => option !== '').join(' ')
}

/** A server of the service's, or one that it may not have. */
export function drawServer(dice: Dice, service: PlannedService): string {
  return dice.chance(85) ? dice.pick(service.servers) : `${dice.pick(SERVERS)}:${dice.pick([80, 8080])}`
}

function draw(dice: Dice): Omit<PlannedService, 'isBrief' | 'direct' | 'hasTinyMtus'> {
  const protocol = dice.weighted<Protocol>([
    [6, 'tcp'],
    [3, 'udp'],
    [2, 'sctp'],
  ])
  const vip = dice.pick(VIPS)
  const isMark = dice.chance(12)
  const port = dice.weighted([
    [8, 80],
    [3, 443],
    [2, 0],
    [1, 21],
  ])
  const serverPorts = isMark ? [0, 0, 80, 8080] : [port, port, port, 80, 8080, 0]
  const servers = distinct(dice.between(1, 5), () => `${drawAddress(dice)}:${dice.pick(serverPorts)}`)
  if (isMark) return { key: `-f ${dice.pick([7, 8])}`, protocol, vip, ports: [80, 443], isMark, servers }
  const ports = port === 0 ? [80, 443, 5000] : port === 21 ? [21, 20, 5000] : [port]
  return { key: `${SERVICE_OPTIONS[protocol]} ${vip}:${port}`, protocol, vip, ports, isMark, servers }
}

function drawAddress(dice: Dice): string {
  return dice.chance(90) ? dice.pick(SERVERS) : dice.pick(ODD_SERVERS)
}

function markLines({ isMark, key, vip, protocol, ports }: PlannedService): string[] {
  if (!isMark) return []
  const match = `-d ${vip} -p ${protocol} -m multiport --dports ${ports.join(',')}`
  return [`iptables-legacy -t mangle -A PREROUTING ${match} -j MARK --set-mark ${key.slice('-f '.length)}`]
}

function distinct(count: number, drawOne: () => string): string[] {
  const drawn = new Set<string>()
  while (drawn.size < count) drawn.add(drawOne())
  return [...drawn]
}
