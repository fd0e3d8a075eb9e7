/** A request on the wire: octets of the answer, whether the connection ends behind it, and filling as of a short head. */
export const REQUEST_LEN = 200

export interface SimRequest {
  readonly size: number
  readonly isLast: boolean
}

export function putRequest(size: number, isLast: boolean): Uint8Array {
  const octets = new Uint8Array(REQUEST_LEN)
  const view = new DataView(octets.buffer)
  view.setUint32(0, size)
  view.setUint8(4, isLast ? 1 : 0)
  return octets
}

export function requestOf(octets: Uint8Array): SimRequest {
  const view = new DataView(octets.buffer, octets.byteOffset)
  return { size: view.getUint32(0), isLast: view.getUint8(4) === 1 }
}
