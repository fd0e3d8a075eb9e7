import type { Device } from '../src/packet/device.js'
import { type Slab, slabOver, VNET_LEN } from '../src/packet/frame.js'
import type { Ipv4Addr, MacAddr } from '../src/wire/addr.js'
import { ArpOp, ArpView } from '../src/wire/arp.js'
import { BROADCAST, ETHERNET_LEN, EthernetView, EtherType } from '../src/wire/ethernet.js'

const FRAME_AT = 16
/** The shortest Ethernet frame, without the frame check sequence. */
const FRAME_LEN = 60
const NOBODY: MacAddr = { hi: 0, lo: 0 }
const RETRY_MS = 1000

interface Asked {
  waiting: ((mac: MacAddr) => void)[]
  /** When to send the next request. */
  due: number
}

/** A host's ARP (RFC 826): replies for its one address, requests others, and queues packets until the reply comes. */
export class Resolver {
  readonly #device: Device
  readonly #addr: Ipv4Addr
  readonly #known = new Map<Ipv4Addr, MacAddr>()
  readonly #asked = new Map<Ipv4Addr, Asked>()
  readonly #arp = new ArpView()
  readonly #ethernet = new EthernetView()
  readonly #tx = slabOver(new ArrayBuffer(FRAME_AT + FRAME_LEN))
  #now = 0

  constructor(device: Device, addr: Ipv4Addr) {
    this.#device = device
    this.#addr = addr
  }

  /** Calls `then` with the MAC address of `hop`: at once if it is known, else when the reply comes. */
  withMac(hop: Ipv4Addr, then: (mac: MacAddr) => void): void {
    const mac = this.#known.get(hop)
    const asked = this.#asked.get(hop)
    if (mac) then(mac)
    else if (asked) asked.waiting.push(then)
    else {
      this.#asked.set(hop, { waiting: [then], due: this.#now + RETRY_MS })
      this.#send(ArpOp.REQUEST, NOBODY, hop)
    }
  }

  /** Sends requests again that had no reply. */
  tick(now: number): void {
    this.#now = now
    for (const [hop, asked] of this.#asked) {
      if (asked.due > now) continue
      asked.due = now + RETRY_MS
      this.#send(ArpOp.REQUEST, NOBODY, hop)
    }
  }

  /** An ARP packet of `len` octets at `at`. Every sender is believed; Linux believes only senders that it knows or requested. */
  input({ view }: Slab, at: number, len: number): void {
    const arp = this.#arp.wrap(view, at)
    if (!arp.isValid(len)) return
    const mac: MacAddr = { hi: arp.senderMacHi, lo: arp.senderMacLo }
    const { senderAddr, targetAddr, operation } = arp
    this.#known.set(senderAddr, mac)
    const asked = this.#asked.get(senderAddr)
    this.#asked.delete(senderAddr)
    for (const then of asked?.waiting ?? []) then(mac)
    if (operation === ArpOp.REQUEST && targetAddr === this.#addr) this.#send(ArpOp.REPLY, mac, senderAddr)
  }

  #send(operation: number, target: MacAddr, targetAddr: Ipv4Addr): void {
    const { view, bytes } = this.#tx
    bytes.fill(0, FRAME_AT - VNET_LEN)
    this.#ethernet.wrap(view, FRAME_AT).setDst(operation === ArpOp.REQUEST ? BROADCAST : target)
    this.#ethernet.setSrc(this.#device.mac)
    this.#ethernet.type = EtherType.ARP
    this.#arp.wrap(view, FRAME_AT + ETHERNET_LEN).build(operation, this.#device.mac, this.#addr, target, targetAddr)
    this.#device.transmit(this.#tx, FRAME_AT, FRAME_LEN)
    this.#device.flush()
  }
}
