/** What has become of flows since the start, and how many there are. */
export class FlowFigures {
  /** Flows that the program forwards, and the most that it can have. */
  flows = 0
  readonly capacity: number
  entered = 0
  /** Times that a flow found no room, each of its packets one. */
  refused = 0
  /** Flows that made room for others. */
  evicted = 0
  /** Changes after which all flows were decided anew. */
  epochs = 0
  /** By the program; octets of IP packets. */
  packets = 0
  octets = 0
  readonly #lostSoFar: () => number
  #lostBefore = 0

  /** `lostSoFar`: frames that the program has lost since it runs. */
  constructor(capacity: number, lostSoFar: () => number) {
    this.capacity = capacity
    this.#lostSoFar = lostSoFar
  }

  /** Frames that the program has lost (FlowTable). */
  get lost(): number {
    return this.#lostSoFar() - this.#lostBefore
  }
  /** All counts begin anew, but that of the flows that there are. */
  clear(): void {
    this.entered = this.refused = this.evicted = this.epochs = this.packets = this.octets = 0
    this.#lostBefore = this.#lostSoFar()
  }
}
