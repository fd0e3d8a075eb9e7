/* Capture files, octet by octet: shares no code with src/capture. */
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { CaptureError } from '../../src/capture/capture-error.js'
import { CaptureReader } from '../../src/capture/capture-reader.js'
import { CapturedFrame } from '../../src/capture/captured-frame.js'
import { concat } from './octets.js'
import { tempDir } from './temp.js'

export type Order = 'little' | 'big'

/** Numbers of 16 or 32 bits, or octets as they are. */
type Field = { u16: number } | { u32: number } | Uint8Array
export const u16 = (value: number): Field => ({ u16: value })
export const u32 = (value: number): Field => ({ u32: value })

export function octets(order: Order, ...fields: Field[]): Uint8Array {
  return concat(
    ...fields.map(field => {
      if (field instanceof Uint8Array) return field
      const view = new DataView(new ArrayBuffer('u16' in field ? 2 : 4))
      if ('u16' in field) view.setUint16(0, field.u16, order === 'little')
      else view.setUint32(0, field.u32, order === 'little')
      return new Uint8Array(view.buffer)
    }),
  )
}

export interface PcapOptions {
  order?: Order
  nanoseconds?: boolean
  linkType?: number
}
/** A frame of a pcap: its time, its octets; `wire`: how many it had. */
export interface PcapFrame {
  seconds: number
  fraction: number
  frame: Uint8Array
  wire?: number
}

export function pcap(frames: readonly PcapFrame[], options: PcapOptions = {}): Uint8Array {
  const { order = 'little', nanoseconds = false, linkType = 1 } = options
  const magic = nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4
  const head = octets(order, u32(magic), u16(2), u16(4), u32(0), u32(0), u32(65_535), u32(linkType))
  const records = frames.map(({ seconds, fraction, frame, wire = frame.length }) =>
    octets(order, u32(seconds), u32(fraction), u32(frame.length), u32(wire), frame),
  )
  return concat(head, ...records)
}

/** A pcapng block. */
export function block(order: Order, type: number, ...fields: Field[]): Uint8Array {
  const body = octets(order, ...fields)
  const rest = new Uint8Array((4 - (body.length % 4)) % 4)
  const len = 12 + body.length + rest.length
  return octets(order, u32(type), u32(len), body, rest, u32(len))
}
export const section = (order: Order): Uint8Array =>
  block(order, 0x0a0d0d0a, u32(0x1a2b3c4d), u16(1), u16(0), u32(0xffffffff), u32(0xffffffff))
/** An option; its value is padded. */
export function option(order: Order, code: number, value: Uint8Array): Uint8Array {
  return octets(order, u16(code), u16(value.length), value, new Uint8Array((4 - (value.length % 4)) % 4))
}
export const interfaceBlock = (order: Order, linkType: number, ...options: Uint8Array[]): Uint8Array =>
  block(order, 1, u16(linkType), u16(0), u32(0), ...options)
/** `ticks`: since 1970. */
export function packetBlock(
  order: Order,
  which: number,
  ticks: bigint,
  frame: Uint8Array,
  ...options: Uint8Array[]
): Uint8Array {
  const rest = new Uint8Array((4 - (frame.length % 4)) % 4)
  const [high, low] = [Number(ticks >> 32n), Number(ticks & 0xffffffffn)]
  const fixed = [u32(which), u32(high), u32(low), u32(frame.length), u32(frame.length)]
  return block(order, 6, ...fixed, frame, rest, ...options)
}

/** What was read of one frame. */
export interface ReadFrame {
  frame: Uint8Array
  wire: number
  interface: number
  linkType: number
  direction: number
  /** 'seconds.nanoseconds' */
  time: string
}

/** All frames of a file, and what is wrong behind them. */
export function readCapture(path: string): {
  frames: ReadFrame[]
  names: (string | undefined)[]
  error?: CaptureError
} {
  const fd = openSync(path, 'r')
  const frames: ReadFrame[] = []
  let reader: CaptureReader | undefined
  try {
    reader = new CaptureReader(fd)
    const frame = new CapturedFrame()
    while (reader.next(frame))
      frames.push({
        frame: Uint8Array.from(frame.bytes.subarray(frame.at, frame.at + frame.len)),
        wire: frame.originalLen,
        interface: frame.interface,
        linkType: frame.linkType,
        direction: frame.direction,
        time: `${frame.seconds}.${String(frame.nanoseconds).padStart(9, '0')}`,
      })
    return { frames, names: reader.interfaces.map(({ name }) => name) }
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error
    return { frames, names: reader?.interfaces.map(({ name }) => name) ?? [], error }
  } finally {
    closeSync(fd)
  }
}

/** A file of these octets, which goes with the test. */
export function captureFile(t: Test, content: Uint8Array, name = 'capture'): string {
  const path = join(tempDir(t), name)
  writeFileSync(path, content)
  return path
}
