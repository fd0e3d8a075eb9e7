import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, readlinkSync, rmdirSync, statSync, unlinkSync, type Stats } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { errno, mount, SystemError } from '../linux/libc.js'
import { makeDirectory, mustBeClosed, ownDirectory } from '../linux/own-file.js'
import { isBpffs } from './pins.js'

/*
 * Where directors pin what is to outlive them: BPFFS/uvs-CONTROL-NETNS/RUN, a folder for each control socket and network namespace, so
 * that no director takes another's, and in it one for each run. Only root and the user that runs may write there: what is pinned is done as it says.
 */

const SYSTEMS = '/sys/fs/bpf'
/** Octets of a control socket's path that a folder's name tells. */
const MOST_NAME = 100

/** Where a bpffs is looked for. */
function placesOf(control: string): string[] {
  return [besides(control), SYSTEMS]
}
function besides(control: string): string {
  return join(dirname(resolve(control)), 'bpf')
}
/** A bpffs has no names with a dot. */
function nameOf(control: string): string {
  const path = resolve(control)
  const sum = createHash('sha256').update(path).digest('hex').slice(0, 8)
  const told = path.slice(-MOST_NAME).replaceAll(/[^A-Za-z0-9]+/g, '_')
  return `uvs-${told}-${sum}-${statSync('/proc/self/ns/net').ino}`
}

/** The folders of all runs that have left something, the oldest first. Throws a line if others could have put something there. */
export function runsOf(control: string): string[] {
  const folders = placesOf(control)
    .filter(isBpffs)
    .map(place => join(place, nameOf(control)))
  return folders.flatMap(folder => {
    const stat = statOf(folder)
    if (stat === undefined) return []
    mustBeClosed(folder, stat, false)
    return readdirSync(folder)
      .toSorted()
      .map(run => join(folder, run))
  })
}

/** undefined: there is nothing, or it is none of this user's. */
function statOf(folder: string): Stats | undefined {
  try {
    return lstatSync(folder)
  } catch {
    return undefined
  }
}

/**
 * Makes the folder of this run. Throws a line where there is no bpffs, and none may be mounted; or where others may write to it. What is mounted
 * in a mount namespace of the process's own would end with it: that is refused.
 */
export function makeRun(control: string): string {
  const place = placesOf(control).find(isBpffs) ?? mountBpffs(besides(control))
  const folder = join(place, nameOf(control))
  ownDirectory(folder, 0o700)
  const run = join(folder, `${String(Date.now()).padStart(15, '0')}-${process.pid}`)
  mkdirSync(run, { mode: 0o700 })
  return run
}
/** Takes the names away, and with them what nobody else holds. */
export function removeRun(run: string): void {
  for (const name of readdirSync(run)) unlinkSync(join(run, name))
  rmdirSync(run)
  if (readdirSync(dirname(run)).length === 0) rmdirSync(dirname(run))
}

function mountBpffs(place: string): string {
  const remedy = `mount a bpffs before: mkdir -p ${place}; mount -t bpf -o mode=0700 bpf ${place}`
  if (!outlivesUs()) throw new Error(`no bpffs is mounted, and this mount namespace ends with the director: ${remedy}`)
  makeDirectory(place, 0o700)
  if (mount('bpf', place, 'bpf', 0, 'mode=0700') === 0) return place
  throw new Error(`${new SystemError('no bpffs is mounted, and none may be', errno(), FORBIDDEN).message}: ${remedy}`)
}
const FORBIDDEN = { EPERM: 'CAP_SYS_ADMIN is missing', EACCES: 'it is forbidden' }
/** Whether the mount namespace is the parent's, too: not so under `ip netns exec`, in a unit with one of its own, or as a container's first process. */
function outlivesUs(): boolean {
  try {
    return readlinkSync('/proc/self/ns/mnt') === readlinkSync(`/proc/${process.ppid}/ns/mnt`)
  } catch {
    return false
  }
}
