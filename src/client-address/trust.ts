import { BlockList, isIP, type Socket } from 'node:net'
import { shown } from './shown.js'

/** Whether the peer of a socket is trusted. */
export type Trust = (socket: Socket) => boolean

/** TypeError or RangeError for anything but a list of 'ADDRESS' and 'ADDRESS/PREFIX'. */
export function trustOf(trusted: readonly string[] | undefined): Trust {
  if (trusted === undefined) return () => true
  if (!Array.isArray(trusted))
    throw new TypeError(`trusted: ${shown(trusted)} is no array of ADDRESS or ADDRESS/PREFIX`)
  const list = new BlockList()
  for (const text of trusted as readonly unknown[]) {
    if (typeof text !== 'string')
      throw new TypeError(`trusted: ${shown(text)} is neither an address nor ADDRESS/PREFIX`)
    const [address = '', prefix, ...rest] = text.split('/')
    const version = isIP(address)
    const bits = prefix === undefined ? (version === 4 ? 32 : 128) : /^\d{1,3}$/.test(prefix) ? Number(prefix) : NaN
    if (version === 0 || !(bits <= (version === 4 ? 32 : 128)) || rest.length > 0)
      throw new RangeError(`trusted: ${shown(text)} is neither an address nor ADDRESS/PREFIX`)
    list.addSubnet(address, bits, version === 4 ? 'ipv4' : 'ipv6')
  }
  return ({ remoteAddress = '' }) => {
    const address = remoteAddress.replace(/^::ffff:(?=\d+\.)/, '')
    return isIP(address) !== 0 && list.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6')
  }
}
