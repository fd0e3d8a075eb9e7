import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../../linux/error-text.js'
import { netnsCookie } from '../../linux/netns-cookie.js'
import { readOwnFile } from '../../linux/own-file.js'
import { isAlive } from '../../linux/process-id.js'
import { type ChangedAddress, removeAddress } from '../../linux/rtnetlink/change-address.js'
import { formatIpv4 } from '../../wire/addr.js'
import { keyOf, parseRecord, type Recorded, recordPrefix } from './address-record.js'

/** A file that tells of addresses, and what it tells. */
interface Found {
  readonly path: string
  readonly record: Recorded
}

/**
 * Takes virtual addresses off interfaces that directors of this network namespace have left there: those that were killed. What a living
 * one has is left alone. Each is told of; so is trouble, which keeps nothing of the others from going on.
 */
export function takeLeftAddresses(directory: string, tell: (line: string) => void): void {
  const found = records(directory, tell)
  if (found.length === 0) return
  const cookie = netnsCookie()
  const isHere = ({ record }: Found): boolean =>
    record.cookie === undefined || cookie === undefined || record.cookie === cookie
  const living = found.filter(({ record }) => isAlive(record.process))
  const held = new Set(living.flatMap(({ record }) => record.addresses.map(keyOf)))
  for (const each of found.filter(one => !living.includes(one))) {
    // One of a namespace that is gone, whose number another one has now: its interfaces are gone too.
    const left = isHere(each) ? each.record.addresses.filter(address => !held.has(keyOf(address))) : []
    if (takeAll(left, each, tell)) rmSync(each.path, { force: true })
  }
}

/** Returns whether none is left. */
function takeAll(left: readonly ChangedAddress[], { record }: Found, tell: (line: string) => void): boolean {
  let isDone = true
  for (const address of left) {
    const what = `${formatIpv4(address.addr)}/${address.prefix}`
    try {
      if (removeAddress(address)) tell(`${what} is taken off: process ${record.process.pid} was killed, and left it`)
    } catch (error) {
      tell(`${what} is left: ${messageOf(error)}`)
      isDone = false
    }
  }
  return isDone
}

function records(directory: string, tell: (line: string) => void): Found[] {
  return namesIn(directory).flatMap(name => {
    const path = join(directory, name)
    try {
      const text = readOwnFile(path)
      return text === undefined ? [] : [{ path, record: parseRecord(text) }]
    } catch (error) {
      tell(`${path} is not looked at: ${messageOf(error)}`)
      return []
    }
  })
}

function namesIn(directory: string): string[] {
  const prefix = recordPrefix()
  try {
    return readdirSync(directory).filter(name => name.startsWith(prefix) && name.endsWith('.json'))
  } catch {
    return []
  }
}
