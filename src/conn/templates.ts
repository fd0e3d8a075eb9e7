/*
 * A template is a connection that no packet belongs to: it says which real server a client network stays with. The
 * connections opened by it are its children, and it does not end before them (ipvs-behaviour.md §4.6, §5.4).
 */
import {
  ConnFlag,
  CONTROLLER,
  CPORT_VPORT,
  DPORT_PROTOCOL,
  FLAGS,
  NONE,
  ONE_CHILD,
  STATE_CHILDREN,
  TemplateState,
  type ConnIndex,
} from './record.js'

/** Ports of a template that is not to be found again. */
const INVALID_PORT = 65_535

export class Templates {
  /** Records of the table that are templates. */
  count = 0
  readonly #words: Int32Array

  /** `words`: the records. */
  constructor(words: Int32Array) {
    this.#words = words
  }

  is(conn: ConnIndex): boolean {
    return (this.#words[conn + FLAGS]! & ConnFlag.TEMPLATE) !== 0
  }
  /** Makes it the connection's controller. */
  adopt(template: ConnIndex, conn: ConnIndex): void {
    this.#words[conn + CONTROLLER] = template
    this.#words[template + STATE_CHILDREN]! += ONE_CHILD
  }
  /** The connection ends, or has another controller: NONE, or the one that it leaves. */
  leave(conn: ConnIndex): ConnIndex {
    const controller = this.#words[conn + CONTROLLER]! as ConnIndex
    if (controller !== NONE) this.#words[controller + STATE_CHILDREN]! -= ONE_CHILD
    return controller
  }

  /** Makes it impossible to find the template again; it ends when its timer fires. */
  invalidate(template: ConnIndex): void {
    const words = this.#words
    words[template + CPORT_VPORT] = INVALID_PORT
    words[template + DPORT_PROTOCOL] = (INVALID_PORT << 16) | (words[template + DPORT_PROTOCOL]! & 0xff)
  }
  isInvalid(template: ConnIndex): boolean {
    const words = this.#words
    return words[template + CPORT_VPORT] === INVALID_PORT && words[template + DPORT_PROTOCOL]! >>> 16 === INVALID_PORT
  }

  /** A child of the controller, if that is a template, has been answered. */
  assure(controller: ConnIndex): void {
    if (controller !== NONE && this.is(controller)) this.#words[controller + STATE_CHILDREN]! |= TemplateState.ASSURED
  }
  isAssured(conn: ConnIndex): boolean {
    return this.is(conn) && (this.#words[conn + STATE_CHILDREN]! & 0xff) === TemplateState.ASSURED
  }
}
