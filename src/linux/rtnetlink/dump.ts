import { constants } from 'node:os'
import { SystemError } from '../libc.js'
import { Attributes } from './attributes.js'
import { added, asked, type Kind } from './kinds.js'
import { MessageFlag, MessageReader, MessageType, writeDumpRequest } from './message.js'
import { IGNORED, LOST, NetlinkSocket, NOTHING } from './netlink-socket.js'

/** So often a list is asked for again that changed while it was read. */
const MOST_TRIES = 8
/** Errors by which a kernel says that it has no such things: built without rules, or older than next hop objects. */
const ABSENT = new Set(['EOPNOTSUPP', 'EAFNOSUPPORT'])

const SEQUENCE = 1

const reader = new MessageReader()
const attributes = new Attributes()

export interface Dump<T> {
  readonly values: T[]
  /** They were all there at one time. */
  readonly isConsistent: boolean
}

/** Reads all objects of a kind. SystemError if the kernel refuses, or does not answer. */
export function dump<T>(kind: Kind<T>): Dump<T> {
  try {
    let got = tryOnce(kind)
    for (let tries = 1; !got.isConsistent && tries < MOST_TRIES; tries++) got = tryOnce(kind)
    return got
  } catch (error) {
    if (error instanceof SystemError && ABSENT.has(error.code)) return { values: [], isConsistent: true }
    throw error
  }
}

/** A socket takes one question at a time, so one whose answer was not heard to its end is given up. */
function tryOnce<T>(kind: Kind<T>): Dump<T> {
  const socket = new NetlinkSocket(true)
  try {
    return ask(socket, kind)
  } finally {
    socket.close()
  }
}

function ask<T>(socket: NetlinkSocket, kind: Kind<T>): Dump<T> {
  const { view } = socket
  const values: T[] = []
  let isConsistent = true
  socket.send(writeDumpRequest(view, asked(kind), SEQUENCE, kind.family, kind.bodyLen, kind.attributes))
  for (;;) {
    const octets = socket.receive()
    if (octets === IGNORED) continue
    if (octets === NOTHING) throw new SystemError('asking rtnetlink', constants.errno.ETIMEDOUT)
    if (octets === LOST) return { values, isConsistent: false }
    reader.wrap(view, octets)
    while (reader.next()) {
      if (reader.sequence !== SEQUENCE) continue
      if ((reader.flags & MessageFlag.DUMP_INTERRUPTED) !== 0) isConsistent = false
      if (reader.type === MessageType.ERROR || reader.type === MessageType.DONE) {
        if (reader.error < 0) throw new SystemError('asking rtnetlink', -reader.error)
        return { values, isConsistent }
      }
      if (reader.type !== added(kind)) continue
      const value = kind.read(view, reader.body, reader.end, attributes)
      if (value !== undefined) values.push(value)
    }
  }
}
