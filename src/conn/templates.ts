/*
 * A template is a record without packets that holds the real server of a client network (persistence). Connections opened
 * by it are its children; it does not end before them (ipvs-behaviour.md §4.6, §5.4).
 */
import * as fromRecord from './record.js'
import { ConnFlag, TemplateState, type ConnIndex } from './record.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { CONTROLLER, CPORT_VPORT, DPORT_PROTOCOL, FLAGS, NONE, ONE_CHILD, STATE_CHILDREN } = fromRecord
const { TEMPLATE } = ConnFlag
const { ASSURED } = TemplateState

/** Ports of an invalidated template. */
const INVALID_PORT = 65_535

export class Templates {
  /** The number of templates. */
  count = 0
  readonly #words: Int32Array

  /** `words`: the records. */
  constructor(words: Int32Array) {
    this.#words = words
  }

  is(conn: ConnIndex): boolean {
    return (this.#words[conn + FLAGS]! & TEMPLATE) !== 0
  }
  /** Makes the template the connection's controller. */
  adopt(template: ConnIndex, conn: ConnIndex): void {
    this.#words[conn + CONTROLLER] = template
    this.#words[template + STATE_CHILDREN]! += ONE_CHILD
  }
  /** Removes the connection from its controller's children. Returns that controller, or NONE. */
  leave(conn: ConnIndex): ConnIndex {
    const controller = this.#words[conn + CONTROLLER]! as ConnIndex
    if (controller !== NONE) this.#words[controller + STATE_CHILDREN]! -= ONE_CHILD
    return controller
  }

  /** Invalidates the template: no lookup finds it; it ends when its timer fires. */
  invalidate(template: ConnIndex): void {
    const words = this.#words
    words[template + CPORT_VPORT] = INVALID_PORT
    words[template + DPORT_PROTOCOL] = (INVALID_PORT << 16) | (words[template + DPORT_PROTOCOL]! & 0xff)
  }
  isInvalid(template: ConnIndex): boolean {
    const words = this.#words
    return words[template + CPORT_VPORT] === INVALID_PORT && words[template + DPORT_PROTOCOL]! >>> 16 === INVALID_PORT
  }

  /** Notes that a child has been answered. Does nothing unless the controller is a template. */
  assure(controller: ConnIndex): void {
    if (controller !== NONE && this.is(controller)) this.#words[controller + STATE_CHILDREN]! |= ASSURED
  }
  isAssured(conn: ConnIndex): boolean {
    return this.is(conn) && (this.#words[conn + STATE_CHILDREN]! & 0xff) === ASSURED
  }
}
