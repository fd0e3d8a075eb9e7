import type { ExplainedStep, Explanation } from '../../../control/protocol/explain.js'

type Scheduled = ExplainedStep & { step: 'scheduler' }

/** Why the packet did not go to the real server: 'address' or 'address:port'. In a line. */
export function whyNot({ steps, verdict }: Explanation, server: string): string {
  const is = (other: string): boolean => other === server || other.split(':')[0] === server
  for (const step of steps) {
    if (step.step === 'connection' && step.connection) {
      const { daddr, dport } = step.connection
      const its = `${daddr}:${dport}`
      return is(its) ? 'it did: its connection is there' : `its connection is with ${its}, chosen when it was opened`
    }
    if (step.step === 'template' && step.connection && !is(step.connection.daddr))
      return `the service is persistent, and a template keeps the client with ${step.connection.daddr}`
    if (step.step === 'service' && step.service === undefined) return 'no virtual service takes the packet'
    if (step.step === 'scheduler') return byScheduler(step, is)
  }
  return `no real server was chosen at all: ${verdict}`
}

function byScheduler(
  { candidates, chosen, more, scheduler, rule }: Scheduled,
  is: (server: string) => boolean,
): string {
  const found = candidates.filter(({ server }) => is(server))
  const [candidate] = found
  if (candidate === undefined)
    return more > 0 ? 'it is none of the real servers shown' : 'it is no real server of that service'
  if (found.some(({ server }) => server === chosen)) return 'it did: the scheduler chose it'
  if (candidate.refused === 'weight-0') return 'its weight is 0, which takes no new connections'
  if (candidate.refused === 'overloaded')
    return 'it is overloaded: it has reached its upper threshold (uvsadm -L --thresholds)'
  const other = candidates.find(({ server }) => server === chosen)
  const views =
    other?.view && candidate.view
      ? `: it ${candidate.view}, ${chosen} ${other.view}${tie(candidate.view, other.view)}`
      : ''
  return `${scheduler} chose ${chosen ?? 'none'}${rule === undefined ? '' : `, ${rule}`}${views}`
}

/** Two that are equal by what the scheduler compares, which is behind '='. */
function tie(one: string, other: string): string {
  const [, ours] = one.split(' = ')
  return ours !== undefined && ours === other.split(' = ')[1] ? ': of equal ones the first in the list is taken' : ''
}
