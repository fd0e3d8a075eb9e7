import { arp } from '../support/frames.js'
import { addrText, readU16 } from '../support/octets.js'

const ARP_TYPE = 0x0806
const REPLY = 2
/** Offsets of ARP in its frame (RFC 826). */
const OPERATION = 20
const SENDER = 28
const TARGET = 38

export function isArp(frame: Uint8Array): boolean {
  return readU16(frame, 12) === ARP_TYPE
}

export function isArpReply(frame: Uint8Array): boolean {
  return isArp(frame) && readU16(frame, OPERATION) === REPLY
}

/** The address that an ARP frame says to be its sender's: a reply, or an announcement. Undefined: it asks for another's. */
export function claimed(frame: Uint8Array): string | undefined {
  const [sender, target] = [SENDER, TARGET].map(at => addrText(frame.slice(at, at + 4)))
  return readU16(frame, OPERATION) === REPLY || sender === target ? sender : undefined
}

/** A client's, or real server's, question to all for the address. */
export function whoHas(side: 'c' | 'r', targetAddr: string): Uint8Array {
  const asker = {
    c: { senderMac: '02:00:00:00:01:10', senderAddr: '10.99.1.10' },
    r: { senderMac: '02:00:00:00:02:11', senderAddr: '10.99.2.11' },
  }[side]
  return arp({ operation: 'request', ...asker, targetAddr })
}
