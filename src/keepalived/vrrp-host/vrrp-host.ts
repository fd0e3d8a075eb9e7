import { addAddress, removeAddress } from '../../linux/rtnetlink/change-address.js'
import { messageOf } from '../../linux/error-text.js'
import { HostNetwork } from '../../linux/rtnetlink/host-network.js'
import { RawIpSocket } from '../../linux/raw-ip-socket.js'
import { isIpv4, isSameIp } from '../../wire/ip-addr.js'
import { IpProtocol } from '../../wire/ipv4.js'
import type { Action } from '../vrrp/action.js'
import { VrrpRouter } from '../vrrp/router.js'
import type { InstanceSettings, RouterSettings, Vip } from '../vrrp/settings.js'
import type { AddressChange, AddressRecord } from './address-record.js'
import { addressChange } from './changed-address.js'
import { EthernetGroups } from './ethernet-groups.js'
import { GratuitousArp } from './gratuitous-arp.js'
import { alreadyThere, type HostVrrpLink, hostLinks, isSameLink } from './host-links.js'
import { NO_OWN_INTERFACES, type OwnInterfaces } from './own-interfaces.js'

/** The sockets are looked at so often: adverts and news of links wait at most so long. */
const TURN_MS = 10
/** Packets that one turn takes of one socket, well under a millisecond; if more wait, the next turn is not waited for. */
const MOST_PACKETS = 256
/** As many of a director's, some 10 ms of work: its queue is shorter than a socket's. */
const MOST_OWN = 2048
/** Of an IPv4 header. */
const PROTOCOL_AT = 9

/** What others are to know or to do: log lines, transitions, notifications. */
export type Told = Extract<Action, { kind: 'log' | 'transition' | 'notify' | 'priority' }>

/**
 * Virtual routers of a host. Where its kernel holds the addresses: adverts by raw sockets, links and addresses by rtnetlink, gratuitous
 * ARP by a packet socket. On interfaces that a director holds alone all of this is the director's. IPv4 alone.
 */
export class VrrpHost {
  readonly #tell: (told: Told) => void
  readonly #record: AddressRecord | undefined
  readonly #network = new HostNetwork()
  readonly #arp = new GratuitousArp()
  readonly #own: OwnInterfaces
  readonly #groups = new EthernetGroups()
  #settings: RouterSettings
  #router: VrrpRouter
  #links = new Map<string, HostVrrpLink>()
  /** By interface and protocol. */
  readonly #sockets = new Map<string, { readonly socket: RawIpSocket; readonly ifindex: number }>()
  #timer: NodeJS.Timeout | undefined
  /** More packets wait than a turn takes: among those of a flood may be a master's. */
  #hasMore = false
  /** Of the last turn: it is said once. */
  #trouble = ''

  /** SystemError where sockets may not be opened. Without a record its addresses stay after kill -9 until an instance has them again. */
  constructor(
    settings: RouterSettings,
    tell: (told: Told) => void,
    own: OwnInterfaces = NO_OWN_INTERFACES,
    record?: AddressRecord,
  ) {
    this.#tell = tell
    this.#own = own
    this.#record = record
    this.#settings = this.#spoken(settings)
    this.#router = new VrrpRouter(this.#settings)
  }

  get router(): VrrpRouter {
    return this.#router
  }
  /** The clock of the router's times, ms. */
  get nowMs(): number {
    return performance.now()
  }

  start(): void {
    this.#follow()
    for (const line of alreadyThere(this.#links)) this.#log(line)
    this.#perform(this.#router.start(this.nowMs))
    this.#turn()
  }

  /** A configuration that was read anew. */
  reload(settings: RouterSettings): void {
    this.#settings = this.#spoken(settings)
    this.#meet()
    this.#perform(this.#router.reload(this.#settings, this.nowMs))
    this.#follow()
  }

  /** What a track script says, its rise and fall counted. */
  setScript(name: string, isGood: boolean): void {
    this.#perform(this.#router.setScript(name, isGood, this.nowMs))
  }
  /** The number in a tracked file. */
  setFile(name: string, value: number): void {
    this.#perform(this.#router.setFile(name, value, this.nowMs))
  }

  /** Whether the processes of a block are as many as they are to be. */
  setProcess(name: string, isGood: boolean): void {
    this.#perform(this.#router.setProcess(name, isGood, this.nowMs))
  }

  /** Masters say good-bye, and their addresses go. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#perform(this.#router.stop(this.nowMs))
    this.#record?.close()
    for (const { socket } of this.#sockets.values()) socket.close()
    this.#sockets.clear()
    this.#own.close()
    this.#groups.close()
    this.#arp.close()
    this.#network.close()
  }

  /**
   * The links, then what is there to hear, then what is due: adverts that waited while the process could not run are heard before a wait for
   * them ends. Trouble with one keeps nothing of the others from going on.
   */
  #turn(): void {
    const troubles = [this.#troubleOf(() => this.#look()), this.#troubleOf(() => this.#goOn())]
    const trouble = troubles.filter(text => text !== '').join('; ')
    if (trouble !== '' && trouble !== this.#trouble) this.#log(trouble)
    this.#trouble = trouble
    const waitMs = this.#hasMore ? 0 : Math.min(TURN_MS, Math.max(0, this.#router.nextAtMs - this.nowMs))
    this.#timer = setTimeout(() => this.#turn(), waitMs)
  }

  /** Sockets that could not be opened are tried again each turn: without them a backup hears no master. */
  #look(): void {
    if (this.#network.takeChanges()) this.#follow()
    else if (this.#trouble !== '') this.#openSockets()
  }
  #goOn(): void {
    let hasMore = false
    for (const [key, { socket }] of this.#sockets) if (this.#hear(key.split(' ')[0] ?? '', socket)) hasMore = true
    const heard = this.#own.hear((...packet) => this.#perform(this.#router.receive(...packet, this.nowMs)), MOST_OWN)
    this.#hasMore = hasMore || heard === MOST_OWN
    this.#perform(this.#router.advance(this.nowMs))
  }
  #troubleOf(step: () => void): string {
    try {
      step()
      return ''
    } catch (error) {
      return messageOf(error)
    }
  }

  /** Returns whether more may wait. */
  #hear(name: string, socket: RawIpSocket): boolean {
    for (let packets = 0; packets < MOST_PACKETS; packets++) {
      const octets = socket.receive()
      if (octets === 0) return false
      this.#perform(this.#router.receive(name, socket.view, 0, octets, this.nowMs))
    }
    return true
  }

  /** Tells the router of links that changed and of addresses that somebody took away, and opens sockets on links that are new. */
  #follow(): void {
    const before = this.#links
    const links = hostLinks(this.#network.snapshot, this.#settings, this.#own)
    this.#links = links
    for (const name of new Set([...before.keys(), ...links.keys()])) {
      const [was, is] = [before.get(name), links.get(name)]
      for (const addr of was?.vips ?? [])
        if (!is?.vips.has(addr)) this.#perform(this.#router.loseAddress(name, addr, this.nowMs))
      if (!isSameLink(was, is)) this.#perform(this.#router.setLink(name, is, this.nowMs))
    }
    this.#openSockets()
  }

  /** Links that only a new configuration names are known before it counts: its instances do not begin with a fault. */
  #meet(): void {
    for (const [name, link] of hostLinks(this.#network.snapshot, this.#settings, this.#own)) {
      if (this.#links.has(name)) continue
      this.#links.set(name, link)
      this.#perform(this.#router.setLink(name, link, this.nowMs))
    }
  }

  #openSockets(): void {
    const own = this.#settings.instances.filter(instance => this.#own.has(instance.interface))
    this.#own.open(own.map(({ vrid }) => vrid))
    const ofKernel = this.#settings.instances.filter(instance => !own.includes(instance))
    const wanted = new Map(ofKernel.map(instance => [socketKey(instance), instance]))
    for (const [key, { socket, ifindex }] of this.#sockets) {
      const name = wanted.get(key)?.interface
      if (name !== undefined && this.#links.get(name)?.ifindex === ifindex) continue
      socket.close()
      this.#sockets.delete(key)
    }
    for (const [key, instance] of wanted) {
      const link = this.#links.get(instance.interface)
      if (!link || this.#sockets.has(key)) continue
      const socket = new RawIpSocket(protocolOf(instance), instance.interface, link.ifindex)
      try {
        this.#join(key, socket)
      } catch (error) {
        // It would hear nothing, and its instances become masters beside others.
        socket.close()
        throw error
      }
      this.#sockets.set(key, { socket, ifindex: link.ifindex })
    }
    this.#joinOnOwn(own)
  }
  #joinOnOwn(own: readonly InstanceSettings[]): void {
    for (const { interface: name, isUnicast, group } of own) {
      const ifindex = this.#links.get(name)?.ifindex ?? 0
      if (!isUnicast && ifindex !== 0 && isIpv4(group)) this.#groups.join(ifindex, group)
    }
  }
  #join(key: string, socket: RawIpSocket): void {
    const groups = new Set(
      this.#settings.instances.filter(other => socketKey(other) === key && !other.isUnicast).map(({ group }) => group),
    )
    for (const group of groups) if (isIpv4(group)) socket.join(group)
  }

  #perform(actions: readonly Action[]): void {
    // What a refused advert asks for, and there may be a flood of them.
    if (actions.length === 0) return
    const changes = actions.flatMap(action => this.#changeOf(action) ?? [])
    this.#record?.before(changes)
    for (const action of actions) {
      if (action.kind === 'advert') this.#send(action)
      else if (action.kind === 'announce') this.#announce(action)
      else if (action.kind === 'add-address' || action.kind === 'remove-address') this.#change(action)
      else this.#tell(action)
    }
    this.#record?.after(changes)
  }

  #send({ instance, interface: name, destination, packet }: Action & { kind: 'advert' }): void {
    if (this.#own.has(name)) return this.#own.send(name, packet)
    // By the packet: an instance that a reload ends says good-bye, and is in the settings no longer.
    const open = this.#sockets.get(keyOf(name, packet[PROTOCOL_AT] ?? 0))
    // A link that is down refuses; that it is down is in the log already.
    if (open && isIpv4(destination)) open.socket.send(packet, destination)
    else this.#log(`(${instance}): no advert could be sent by ${name}`)
  }

  #announce({ interface: name, address }: Action & { kind: 'announce' }): void {
    if (!isIpv4(address)) return
    if (this.#own.has(name)) return this.#own.announce(name, address)
    const link = this.#links.get(name)
    if (link?.mac) this.#arp.send(link.ifindex, link.mac, address)
  }

  #changeOf(action: Action): AddressChange | undefined {
    return addressChange(action, name => (this.#own.has(name) ? undefined : this.#links.get(name)?.ifindex))
  }
  #change(action: Action & { kind: 'add-address' | 'remove-address' }): void {
    const { address, interface: name } = action.vip
    if (this.#own.has(name) && isIpv4(address))
      return action.kind === 'add-address' ? this.#own.hold(name, address) : this.#own.letGo(name, address)
    const change = this.#changeOf(action)
    try {
      if (change?.isAdded) addAddress(change.address)
      else if (change) this.#remove(change, action.vip)
    } catch (error) {
      this.#log(messageOf(error))
    }
  }

  /** That it goes is our own doing, and no loss. */
  #remove({ address }: AddressChange, vip: Vip): void {
    removeAddress(address)
    const link = this.#links.get(vip.interface)
    if (!link) return
    const vips = new Set([...link.vips].filter(addr => !isSameIp(addr, vip.address)))
    this.#links.set(vip.interface, { ...link, vips })
  }

  /** Instances of IPv4; of others it is said that they are left out. */
  #spoken(settings: RouterSettings): RouterSettings {
    const instances = settings.instances.filter(({ family }) => family === 4)
    for (const { name, family } of settings.instances)
      if (family === 6) this.#log(`(${name}) IPv6 is not spoken yet: the instance is left out`)
    const names = new Set(instances.map(({ name }) => name))
    const groups = settings.groups.map(group => ({ ...group, members: group.members.filter(name => names.has(name)) }))
    return { ...settings, instances, groups }
  }

  #log(text: string): void {
    this.#tell({ kind: 'log', text })
  }
}

function protocolOf({ authentication }: InstanceSettings): number {
  return authentication?.type === 'AH' ? IpProtocol.AH : IpProtocol.VRRP
}
function socketKey(instance: InstanceSettings): string {
  return keyOf(instance.interface, protocolOf(instance))
}
function keyOf(name: string, protocol: number): string {
  return `${name} ${protocol}`
}
