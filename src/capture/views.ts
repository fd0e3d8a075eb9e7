/** Longer ones are made each time: copying them costs more than that. */
const LONGEST = 2048
/** Places that are remembered. A replay has four: what came, what leaves, and two texts. */
const PLACES = 8
/** Of the parts of other places, one in so many makes its place one of them: those that are asked for often get in, and stay. */
const ONE_IN = 64

interface Place {
  bytes: Uint8Array
  at: number
  /** By their lengths. */
  parts: (Uint8Array | undefined)[]
}

/** Parts of arrays, to be copied from: the same ones again and again, since making one costs three times what copying 100 octets does. */
export class Views {
  readonly #places: Place[] = []
  #others = 0

  /** `len` octets at `at`. */
  of(bytes: Uint8Array, at: number, len: number): Uint8Array {
    const place = len < LONGEST ? this.#place(bytes, at) : undefined
    if (place === undefined) return bytes.subarray(at, at + len)
    return (place.parts[len] ??= bytes.subarray(at, at + len))
  }

  #place(bytes: Uint8Array, at: number): Place | undefined {
    const places = this.#places
    for (let i = 0; i < places.length; i++) {
      const place = places[i]!
      if (place.bytes === bytes && place.at === at) return place
    }
    if (this.#others++ % ONE_IN !== 0) return undefined
    const place = { bytes, at, parts: Array.from<undefined>({ length: LONGEST }) }
    if (places.length < PLACES) places.push(place)
    else places[Math.floor(this.#others / ONE_IN) % PLACES] = place
    return place
  }
}
