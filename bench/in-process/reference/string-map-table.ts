/** A connection table as one would write it at first: a Map by text. */
export class StringMapTable {
  readonly #conns = new Map<string, number>()

  insert(protocol: number, caddr: number, cport: number, vaddr: number, vport: number, conn: number): void {
    this.#conns.set(keyOf(protocol, caddr, cport, vaddr, vport), conn)
  }
  lookup(protocol: number, caddr: number, cport: number, vaddr: number, vport: number): number | undefined {
    return this.#conns.get(keyOf(protocol, caddr, cport, vaddr, vport))
  }
}

function keyOf(protocol: number, caddr: number, cport: number, vaddr: number, vport: number): string {
  return `${protocol} ${caddr}:${cport} ${vaddr}:${vport}`
}
