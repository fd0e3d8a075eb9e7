/*
 * 1. the director asks by ARP who else has its VIPs          claimed.ts
 * 2. it looks at what passes for two seconds, until counters are shown; for four more if a real server has not answered in those
 * 3. each file here looks for its fault in what is seen      EXAMINATIONS
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { allServices } from '../../../control/protocol/all-services.js'
import type { Answer, Control, Outcome } from '../../../control/protocol/api.js'
import { AS_JSON, CONTROL } from '../../command.js'
import { jsonDocument } from '../../json.js'
import type { UvsCommand } from '../command.js'
import { readOptions } from '../options/read-options.js'
import { withDirector } from '../with-director.js'
import { claimed } from './claimed.js'
import { dropped } from './dropped.js'
import { serverName, type Examine, type Finding, type Seen } from './finding.js'
import { keptClients } from './kept-clients.js'
import { noServer } from './no-server.js'
import { mayBeSilent, silent } from './silent.js'

/** Counters are shown every two seconds. */
const LOOK_MS = 2100

const EXAMINATIONS: readonly Examine[] = [claimed, silent, noServer, keptClients, dropped]

export const doctor: UvsCommand = {
  name: 'doctor',
  help: `Says what is wrong with a running director and its real servers, and what to do.
Real servers that answer ARP for a VIP, whose answers come by another way, that are full or out; persistence that goes on with weight 0;
packets that are dropped (docs/troubleshooting.md).
It looks for two seconds, for six if a real server gives no answer, and asks by ARP who has the VIPs. Status: 0 nothing was found, 1 something was.`,
  forms: [{ words: [], options: [AS_JSON, CONTROL] }],
  async run(args) {
    const given = readOptions(doctor, args)
    return withDirector(given, control => examined(control, LOOK_MS, given.has('--json')))
  },
}

/** Throws the director's refusal as an Error of one line. */
export async function examined(control: Control, lookMs = LOOK_MS, asJson = false): Promise<Outcome> {
  const dropsBefore = valueOf(await control.call({ op: 'drops' }))
  const servicesBefore = valueOf(await allServices(control))
  valueOf(await control.call({ op: 'claims', ask: true })) // by all interfaces: one that is gone loses a frame
  await sleep(lookMs)
  const stats: Seen['before']['stats'] = new Map(
    servicesBefore.flatMap(service => service.destinations.map(it => [serverName(service, it), it.stats] as const)),
  )
  let services = valueOf(await allServices(control))
  if (mayBeSilent(services, stats)) {
    await sleep(2 * lookMs)
    services = valueOf(await allServices(control))
  }
  const seen: Seen = {
    services,
    drops: valueOf(await control.call({ op: 'drops' })),
    before: { drops: new Map(dropsBefore.map(({ reason, count }) => [reason, count])), stats },
    claims: valueOf(await control.call({ op: 'claims' })),
    sysctls: new Map(valueOf(await control.call({ op: 'sysctls' }))),
  }
  const findings = EXAMINATIONS.flatMap(examine => [...examine(seen)])
  const text = findings.length === 0 ? NOTHING : findings.map(textOf).join('')
  return { status: findings.length === 0 ? 0 : 1, out: asJson ? jsonDocument('doctor', findings) : text, err: '' }
}

const NOTHING = 'nothing wrong is to be seen from here; uvs explain says of a packet where it went\n'

function textOf({ cause, seen, advice }: Finding): string {
  return `${cause}\n  seen   ${seen}\n  to do  ${advice}\n`
}
function valueOf<T>(answer: Answer<T>): T {
  if (!answer.ok) throw new Error(answer.message)
  return answer.value
}
