import { readFileSync } from 'node:fs'

/** As whom a script runs. */
export interface UserIds {
  readonly uid: number
  readonly gid: number
}

/**
 * The numbers of a user and a group, by name or number, from /etc/passwd and /etc/group; without a group the user's own. Undefined: there
 * is no such user or group.
 */
export function userIds(user: string, group?: string, etc = '/etc'): UserIds | undefined {
  const [uid, own] = entry(`${etc}/passwd`, user) ?? []
  const gid = group === undefined ? own : entry(`${etc}/group`, group)?.[0]
  return uid === undefined || gid === undefined ? undefined : { uid, gid }
}

/** The third and fourth field of a line: uid and gid, or gid. A number without a line stands for itself. */
function entry(file: string, name: string): [number, number] | undefined {
  for (const line of linesOf(file)) {
    const fields = line.split(':')
    if (fields[0] === name || fields[2] === name) return [Number(fields[2]), Number(fields[3])]
  }
  return /^\d{1,9}$/.test(name) ? [Number(name), Number(name)] : undefined
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch {
    return []
  }
}
