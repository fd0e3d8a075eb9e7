/** A connection table as a first version would have it: a Map with text keys. */
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
