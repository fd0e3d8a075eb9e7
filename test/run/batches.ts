import { dirname } from 'node:path'

const FILES_A_PROCESS = 10
/**
 * These hold devices, enter namespaces, measure, or take long: each has a process to itself, and begins first, so that
 * nothing waits for one at the end. Of io/, one that another's leavings keep busy never ends.
 */
const ALONE = new RegExp(
  '/(e2e|ebpf|io|netns-lab|linux|keepalived/processes|plane|realserver|bench|conformance|property|monitoring|web|run|cli/uvs/(director|fleet|simulate|replay))/|' +
    '/(cli/uvs/main|director/allocation|announce/announce-interface|vrrp-host/address-record|socket/hostile-clients)\\.',
)

/** What runs in one process each: files of one folder, so many at a time, in the order given; those alone that need it, first. */
export function together(files: readonly string[]): string[][] {
  const batches: string[][] = []
  for (const file of files.filter(name => !ALONE.test(name))) {
    const last = batches.at(-1)
    if (last && last.length < FILES_A_PROCESS && dirname(last[0]!) === dirname(file)) last.push(file)
    else batches.push([file])
  }
  return [...files.filter(name => ALONE.test(name)).map(file => [file]), ...batches]
}
