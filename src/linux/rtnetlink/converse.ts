import { constants } from 'node:os'
import { SystemError } from '../libc.js'
import { Attributes } from './attributes.js'
import { composeMessage, type Attribute } from './compose.js'
import { MessageFlag, MessageReader, MessageType } from './message.js'
import { IGNORED, LOST, NetlinkSocket, NOTHING } from './netlink-socket.js'

export interface Request {
  readonly type: number
  /** MessageFlag bits; REQUEST is added. One with neither ACK nor DUMP has no end to wait for. */
  readonly flags: number
  /** Words in the host's order. */
  readonly body: readonly number[]
  readonly attributes: readonly Attribute[]
}

/** Gets each message that is answered: where its body begins, and its attributes. */
export type Take = (view: DataView<ArrayBufferLike>, body: number, attributes: Attributes) => void

/**
 * Sends one message and reads to the end of what is answered. Returns 0, or the errno by which the kernel refuses. SystemError where it
 * cannot be asked. `bodyLen`: octets of the answers' bodies.
 */
export function converse(
  { type, flags, body, attributes: sent }: Request,
  answer?: { bodyLen: number; take: Take },
): number {
  const socket = new NetlinkSocket(true)
  const reader = new MessageReader()
  const attributes = new Attributes()
  try {
    socket.send(composeMessage(socket.view, type, flags | MessageFlag.REQUEST, body, sent))
    for (;;) {
      const octets = socket.receive()
      if (octets === NOTHING || octets === LOST) throw new SystemError('asking rtnetlink', constants.errno.ETIMEDOUT)
      if (octets === IGNORED) continue
      reader.wrap(socket.view, octets)
      while (reader.next()) {
        if (reader.type === MessageType.ERROR || reader.type === MessageType.DONE) return Math.abs(reader.error)
        answer?.take(socket.view, reader.body, attributes.wrap(socket.view, reader.body + answer.bodyLen, reader.end))
      }
    }
  } finally {
    socket.close()
  }
}
