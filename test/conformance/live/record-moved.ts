import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { KernelDown } from '../../../netns-lab/uml/kernel-down.js'
import { kernelFlows, kernelRules, type KernelMoved } from '../../support/kernel-flows.js'
import { Kernel } from './kernel.js'

/*
 * node dist/test/conformance/live/record-moved.js FILE: which flows the kernel sends elsewhere when one of ten real servers leaves. For each
 * scheduler it is booted with the ten and with the nine, and gets the same SYNs.
 */

const AT_ONCE = 20
const WAIT_MS = 25
const TRIES = 300
const SCHEDULERS = ['mh', 'sh', 'wlc']

const flows = kernelFlows()

/** Client's address and port as /proc/net/ip_vs_conn has them → real server. */
async function choices(rules: readonly string[]): Promise<Map<string, string>> {
  const kernel = Kernel.boot()
  try {
    kernel.reset()
    kernel.mustRun(rules.map(line => `ipvsadm ${line}`).join('\n'))
    for (const [at, { frame }] of flows.entries()) {
      await send(kernel, frame)
      if (at % AT_ONCE === 0) await settle(kernel)
    }
    await settle(kernel)
    const lines = kernel.run('cat /proc/net/ip_vs_conn').out.trim().split('\n').slice(1)
    return new Map(lines.map(line => line.trim().split(/\s+/)).map(words => [`${words[1]} ${words[2]}`, words[5]!]))
  } finally {
    kernel.down()
  }
}
async function send(kernel: Kernel, frame: Uint8Array): Promise<void> {
  for (let left = TRIES; ; left--)
    try {
      return kernel.c.send(frame)
    } catch (error) {
      if (!(error instanceof KernelDown) || left === 0) throw error
      await settle(kernel)
    }
}
/** What it sends is for nobody. */
async function settle(kernel: Kernel): Promise<void> {
  await sleep(WAIT_MS)
  for (const wire of [kernel.c, kernel.r]) while (typeof wire.receive() !== 'string');
}

function address(hex: string): string {
  return (hex.match(/../g) ?? []).map(octet => parseInt(octet, 16)).join('.')
}

const found: KernelMoved = {}
for (const scheduler of SCHEDULERS) {
  const [before, after] = [await choices(kernelRules(scheduler, false)), await choices(kernelRules(scheduler, true))]
  const rows: Record<string, number> = (found[scheduler] = {})
  if (before.size !== flows.length || after.size !== flows.length)
    throw new Error(`${scheduler}: the kernel has ${before.size} and ${after.size} connections of ${flows.length}`)
  for (const [client, server] of before) {
    if (after.get(client) === server) continue
    const name = `${address(server)} → ${address(after.get(client)!)}`
    rows[name] = (rows[name] ?? 0) + 1
  }
}
writeFileSync(process.argv[2]!, `${JSON.stringify(found, null, 1)}\n`)
