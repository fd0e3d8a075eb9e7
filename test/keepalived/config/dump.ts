import type { KeepalivedConfig } from '../../../src/keepalived/config/tree/config.js'
import type { GarpSettings } from '../../../src/keepalived/config/tree/global.js'
import type { Tracked, VirtualAddress, VrrpInstance, VrrpScript } from '../../../src/keepalived/config/tree/vrrp.js'

/* The typed result as keepalived's own dump (-d) writes it, as far as it says what was configured. */

const onOff = (value: boolean, [on, off]: readonly [string, string] = ['true', 'false']): string => (value ? on : off)
const seconds = (ms: number): string => String(ms / 1000)

/** Lines of the dump that `dumpLines` writes: others are of a running keepalived, or of what uvs does not do. */
export function isDumped(line: string): boolean {
  const [key = ''] = line.split(/ = ?/)
  return KEYS.has(key) || / dev \S+ scope /.test(line) || TRACKED.test(line)
}

const TRACKED = /^ {5}[^ ,]+ (weight -?\d+( reverse)?|min_ttl \d+ max_ttl \d+)$/

const KEYS = new Set(
  [
    '   Wantstate|   Priority|   VRRP Version|   Virtual Router ID|   Advert interval|   Preempt|   Preempt delay|   Accept',
    '   Authentication type|   Password|   Interface|   Sync group|   Gratuitous ARP delay|   Gratuitous ARP repeat',
    '   Gratuitous ARP refresh|   Gratuitous ARP refresh repeat|   Gratuitous ARP lower priority delay',
    '   Gratuitous ARP lower priority repeat|   Down timer adverts|   Send advert after receive lower priority advert',
    '   Send advert after receive higher priority advert|   Using smtp notification|   Notify priority changes',
    '   Promote_secondaries|   Unicast TTL|   Enforcing strict VRRP compliance|   Skip checking advert IP addresses',
    ' VRRP Instance| VRRP strict mode| VRRP Script|   Interval|   Timeout|   Weight|   Rise|   Fall| Track file',
    '   File| VRRP Track process|   Min processes|   Full command|   Terminate delay|   Fork delay| Router ID',
    ' Smtp server| Smtp server port| VRRP IPv4 mcast group',
    ' VRRP IPv6 mcast group| Num adverts before down| VRRP default protocol version| VRRP notify priority changes',
    ' Instance name| Dynamic interfaces',
  ].flatMap(line => line.split('|')),
)

export function dumpLines(config: KeepalivedConfig): string[] {
  return [
    ...globalLines(config),
    ...config.instances.flatMap(instance => instanceLines(instance, config)),
    ...config.syncGroups.flatMap(group => [
      `   Using smtp notification = ${onOff(group.smtpAlert, ['yes', 'no'])}`,
      ...group.interfaces.map(found => trackedLine(found)),
      ...group.scripts.map(found =>
        trackedLine(
          found,
          config.scripts.find(({ name }) => name === found.name),
        ),
      ),
    ]),
    ...config.staticAddresses.map(address => addressLine(address, config.global.defaultInterface)),
    ...trackedThings(config),
  ]
}

function globalLines({ global }: KeepalivedConfig): string[] {
  const { smtpServer } = global
  return [
    ` Router ID = ${global.routerId ?? 'HOST'}`,
    ` VRRP strict mode = ${global.strict}`,
    ...(smtpServer ? [` Smtp server = ${smtpServer.host}`, ` Smtp server port = ${smtpServer.port}`] : []),
    ` VRRP IPv4 mcast group = ${global.mcastGroup4}`,
    ` VRRP IPv6 mcast group = ${global.mcastGroup6}`,
    ` Num adverts before down = ${global.downTimerAdverts}`,
    ` VRRP default protocol version = ${global.version ?? 2}`,
    ` VRRP notify priority changes = ${global.notifyPriorityChanges}`,
    ` Dynamic interfaces = ${global.dynamicInterfaces !== 'no'}`,
    ...(global.instanceName === undefined ? [] : [` Instance name = ${global.instanceName}`]),
  ]
}

function garpLines(garp: GarpSettings): string[] {
  return [
    `   Gratuitous ARP delay = ${seconds(garp.masterDelayMs)}`,
    `   Gratuitous ARP repeat = ${garp.masterRepeat}`,
    `   Gratuitous ARP refresh = ${seconds(garp.masterRefreshMs)}`,
    `   Gratuitous ARP refresh repeat = ${garp.masterRefreshRepeat}`,
    `   Gratuitous ARP lower priority delay = ${seconds(garp.lowerPrioDelayMs)}`,
    `   Gratuitous ARP lower priority repeat = ${garp.lowerPrioRepeat}`,
  ]
}

function instanceLines(instance: VrrpInstance, config: KeepalivedConfig): string[] {
  const { version, authentication } = instance
  const type = authentication?.type === 'PASS' ? 'SIMPLE_PASSWORD' : authentication?.type === 'AH' ? 'IPSEC_AH' : 'none'
  return [
    ` VRRP Instance = ${instance.name}`,
    `   VRRP Version = ${version}`,
    ...(instance.syncGroup === undefined ? [] : [`   Sync group = ${instance.syncGroup}`]),
    `   Wantstate = ${instance.state}`,
    `   Interface = ${instance.interface}`,
    ...(instance.isStrict ? ['   Enforcing strict VRRP compliance'] : []),
    ...(instance.skipCheckAdvAddr ? ['   Skip checking advert IP addresses'] : []),
    ...garpLines(instance.garp),
    `   Down timer adverts = ${instance.downTimerAdverts}`,
    `   Send advert after receive lower priority advert = ${!instance.lowerPrioNoAdvert}`,
    `   Send advert after receive higher priority advert = ${instance.higherPrioSendAdvert}`,
    `   Virtual Router ID = ${instance.vrid}`,
    `   Priority = ${instance.priority}`,
    `   Advert interval = ${version === 2 ? `${seconds(instance.advertIntervalMs)} sec` : `${instance.advertIntervalMs} milli-sec`}`,
    `   Accept = ${onOff(instance.accept, ['enabled', 'disabled'])}`,
    `   Preempt = ${onOff(!instance.nopreempt, ['enabled', 'disabled'])}`,
    ...(instance.preemptDelayMs > 0 ? [`   Preempt delay = ${seconds(instance.preemptDelayMs)} secs`] : []),
    `   Promote_secondaries = ${onOff(instance.promoteSecondaries, ['enabled', 'disabled'])}`,
    ...(version === 2 ? [`   Authentication type = ${type}`] : []),
    ...(authentication?.type === 'PASS' ? [`   Password = ${authentication.password}`] : []),
    ...(instance.isUnicast ? [`   Unicast TTL = ${instance.unicastTtl}`] : []),
    ...instance.unicastPeers.map(
      ({ address, minTtl, maxTtl }) => `     ${address.text} min_ttl ${minTtl} max_ttl ${maxTtl}`,
    ),
    ...[...instance.addresses, ...instance.excludedAddresses].map(address => addressLine(address, instance.interface)),
    ...instance.interfaces.map(found => trackedLine(found)),
    ...instance.scripts.map(found =>
      trackedLine(
        found,
        config.scripts.find(({ name }) => name === found.name),
      ),
    ),
    `   Using smtp notification = ${onOff(instance.smtpAlert, ['yes', 'no'])}`,
    `   Notify priority changes = ${instance.notifyPriorityChanges}`,
  ]
}

function trackedLine({ name, weight, isReverse }: Tracked, usual?: VrrpScript): string {
  return `     ${name} weight ${weight ?? usual?.weight ?? 0}${(isReverse ?? usual?.isReverse) ? ' reverse' : ''}`
}

function addressLine({ address, length, interface: on, broadcast, scope }: VirtualAddress, usual: string): string {
  const whole = length === (address.family === 4 ? 32 : 128)
  const brd = broadcast === undefined ? '' : ` brd ${broadcast}`
  return `     ${address.text}${whole ? '' : `/${length}`}${brd} dev ${on ?? usual} scope ${scope}`
}

/** Only what is followed is in the dump. */
function trackedThings({ scripts, trackFiles, trackProcesses, instances, syncGroups }: KeepalivedConfig): string[] {
  const followers = [...instances, ...syncGroups]
  const isFollowed =
    (kind: 'scripts' | 'files' | 'processes') =>
    ({ name }: { name: string }, at: number, all: readonly { name: string }[]) =>
      all.findIndex(other => other.name === name) === at &&
      followers.some(follower => follower[kind].some(tracked => tracked.name === name))
  return [
    ...scripts
      .filter(isFollowed('scripts'))
      .flatMap(script => [
        ` VRRP Script = ${script.name}`,
        `   Interval = ${seconds(script.intervalMs)} sec`,
        `   Timeout = ${seconds(script.timeoutMs ?? 0)} sec`,
        `   Weight = ${script.weight}${script.isReverse ? ' reverse' : ''}`,
        `   Rise = ${script.rise}`,
        `   Fall = ${script.fall}`,
      ]),
    ...trackFiles
      .filter(isFollowed('files'))
      .flatMap(file => [
        ` Track file = ${file.name}`,
        `   File = ${file.path}`,
        `   Weight = ${file.weight}${file.isReverse ? ' reverse' : ''}`,
      ]),
    ...trackProcesses
      .filter(isFollowed('processes'))
      .flatMap(process => [
        ` VRRP Track process = ${process.name}`,
        `   Weight = ${process.weight}`,
        `   Min processes = ${process.quorum}`,
        `   Fork delay = ${(process.forkDelayMs / 1000).toFixed(6)}s`,
        `   Terminate delay = ${(process.terminateDelayMs / 1000).toFixed(6)}s`,
        `   Full command = ${process.fullCommand}`,
      ]),
  ]
}
