import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { bpfAt } from '../../src/ebpf/bpf.js'
import { close, mapMemory } from '../../src/linux/libc.js'

// linux/bpf.h: BPF_PROG_GET_FD_BY_ID and so on.
const GET_FD_BY_ID = { prog: 13, map: 14, link: 30 } as const
export type Kind = keyof typeof GET_FD_BY_ID

/** What a process holds of eBPF: the kernel's number of each, by kind. */
export function heldBy(pid: number): Record<Kind, number[]> {
  const infos = readdirSync(`/proc/${pid}/fdinfo`).map(fd => infoOf(`/proc/${pid}/fdinfo/${fd}`))
  const ids = (kind: Kind): number[] => {
    const found = infos.map(info => Number(new RegExp(`^${kind}_id:\\s*(\\d+)$`, 'm').exec(info)?.[1] ?? 0))
    return [...new Set(found.filter(id => id > 0))]
  }
  return { prog: ids('prog'), map: ids('map'), link: ids('link') }
}

/** '' of a file that has been closed meanwhile. */
function infoOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/**
 * Waits until the kernel has none of them any more; answers those that it has after `limitMs`. Maps are looked at last and seldom: that a map of
 * programs is opened and closed while the kernel is about to empty it leaves it there for ever (seen on Linux 6.18).
 */
export async function leftOf(held: Record<Kind, number[]>, limitMs: number): Promise<string[]> {
  const end = performance.now() + limitMs
  const isLate = (): boolean => performance.now() > end
  while (stillThere({ ...held, map: [] }).length > 0 && !isLate()) await sleep(50)
  do await sleep(500)
  while (stillThere(held).length > 0 && !isLate())
  return stillThere(held)
}

/** Those that the kernel still has, whoever holds or has pinned them. A number is not given away again for a long time. */
export function stillThere(held: Record<Kind, number[]>): string[] {
  return (Object.keys(GET_FD_BY_ID) as Kind[]).flatMap(kind =>
    held[kind].filter(id => isThere(kind, id)).map(id => `${kind} ${id}`),
  )
}
function isThere(kind: Kind, id: number): boolean {
  memory ??= mapMemory(4096)
  memory.bytes.fill(0)
  memory.view.setUint32(0, id, true)
  const fd = bpfAt(GET_FD_BY_ID[kind], memory.address)
  if (fd >= 0) close(fd)
  return fd >= 0
}
let memory: ReturnType<typeof mapMemory> | undefined
