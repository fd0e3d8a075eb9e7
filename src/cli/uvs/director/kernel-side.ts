import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { parseCidr, parseIpv4 } from '../../../wire/addr.js'
import type { DirectorCommand } from './director-options.js'

/**
 * In raw mode the kernel receives every frame that we receive. Returns a line for each way in which it would act on them too:
 * it holds an address of ours on the interface, or it forwards packets received there.
 */
export function kernelSideNotes(command: DirectorCommand): string[] {
  const interfaces = networkInterfaces()
  const notes: string[] = []
  for (const { kind, name } of command.devices) {
    if (kind !== 'raw') continue
    for (const held of interfaces[name] ?? [])
      if (held.family === 'IPv4' && isOurs(held.address, command))
        notes.push(
          `warning: the kernel holds our address ${held.address} on ${name} and will answer too: remove it there`,
        )
    if (forwards(name)) notes.push(`warning: the kernel forwards from ${name} too: sysctl -w net.ipv4.ip_forward=0`)
  }
  return notes
}

function isOurs(address: string, { director }: DirectorCommand): boolean {
  const addr = parseIpv4(address)
  const own = [...director.addresses.map(text => `${text.split('/')[0]}/32`), ...(director.vips ?? [])]
  return own.some(text => {
    const cidr = parseCidr(text)
    return cidr !== undefined && addr !== undefined && (addr & cidr.mask) === (cidr.addr & cidr.mask)
  })
}

function forwards(name: string): boolean {
  try {
    return readFileSync(`/proc/sys/net/ipv4/conf/${name}/forwarding`, 'utf8').trim() === '1'
  } catch {
    return false // no such interface in /proc: nothing to warn of
  }
}
