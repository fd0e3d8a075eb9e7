/*
 * The list of options behind a TCP header's 20 octets (RFC 9293 §3.1), looked at and changed in place. Checksums are the caller's.
 * `header` is where the header begins; the octets that its data offset announces must be there.
 */
import { TCP_DATA_OFFSET_AT, TCP_MIN_LEN, TcpOption } from './tcp.js'

/** Two NOPs and a timestamps option: what nearly every segment has (RFC 7323 appendix A), and nothing else. */
const TIMESTAMPS_ONLY = 0x0101080a
const TIMESTAMPS_LEN = 12

/** Whether the list is what `purgeOptions` makes of it already. Most headers need a look or two. */
export function isPure(view: DataView, header: number, kind: number): boolean {
  let at = header + TCP_MIN_LEN
  const end = endOf(view, header)
  if (at >= end || (end - at === TIMESTAMPS_LEN && view.getInt32(at) === TIMESTAMPS_ONLY)) return true
  while (at < end) {
    const found = view.getUint8(at)
    if (found === TcpOption.END) return isZero(view, at, end)
    const len = optionLen(view, at, end)
    if (len === 0 || found === kind) return false
    at += len
  }
  return true
}

/**
 * Leaves no option of this kind: NOPs take its place, so that the others stay where they are. After END, or from an option on whose
 * length is impossible, readers disagree: the rest becomes zeros, which all read as END. A reader that heeds the list finds none; nor
 * does one that overlooks END. One that looks for the kind's octet anywhere may still be deceived by what another option's value
 * holds, a timestamp or a cookie: that is the sender's to choose.
 */
export function purgeOptions(view: DataView, header: number, kind: number): void {
  const end = endOf(view, header)
  let at = header + TCP_MIN_LEN
  while (at < end) {
    const found = view.getUint8(at)
    const len = found === TcpOption.END ? 0 : optionLen(view, at, end)
    if (len === 0) return fill(view, at, end, TcpOption.END)
    if (found === kind) fill(view, at, at + len, TcpOption.NOP)
    at += len
  }
}

/**
 * Moves a pure list's options together, without NOPs and END, behind `room` octets that are left as they are; zeros fill
 * what is left. False, and nothing changed, where there is not so much room.
 */
export function packOptions(view: DataView, header: number, room: number): boolean {
  const start = header + TCP_MIN_LEN
  const end = endOf(view, header)
  let to = start
  for (let at = start, len = 0; (len = optionLen(view, at, end)) > 0; at += len)
    if (view.getUint8(at) > TcpOption.NOP) to += len
    else if (view.getUint8(at) === TcpOption.END) break
  const used = to - start
  if (start + room + used > end) return false

  to = start
  for (let at = start, left = used; left > 0;) {
    const len = optionLen(view, at, end)
    if (view.getUint8(at) !== TcpOption.NOP) {
      for (let i = 0; i < len; i++) view.setUint8(to++, view.getUint8(at + i))
      left -= len
    }
    at += len
  }
  for (let i = used - 1; i >= 0; i--) view.setUint8(start + room + i, view.getUint8(start + i))
  fill(view, start + room + used, end, TcpOption.END)
  return true
}

function endOf(view: DataView, header: number): number {
  return header + ((view.getUint8(header + TCP_DATA_OFFSET_AT) >>> 4) << 2)
}
/** Octets of the option at `at`; 0 where there is none, or one that is not whole. */
function optionLen(view: DataView, at: number, end: number): number {
  if (at >= end) return 0
  if (view.getUint8(at) <= TcpOption.NOP) return 1
  const len = at + 1 < end ? view.getUint8(at + 1) : 0
  return len < 2 || at + len > end ? 0 : len
}
function isZero(view: DataView, at: number, end: number): boolean {
  while (at < end) if (view.getUint8(at++) !== 0) return false
  return true
}
function fill(view: DataView, at: number, end: number, octet: number): void {
  while (at < end) view.setUint8(at++, octet)
}
