import type { Check } from '../../native-free/lab-report.js'
import { besidePlan, drPart, KERNEL, natPart, OWN_WEB_PORT } from './beside-plan.js'
import { type Answers, answersText, type BalancedLoad, type Phase } from './beside-report.js'

export interface BesideEvidence {
  phases: readonly Phase[]
  loads: readonly BalancedLoad[]
  /** What the director's own programs got from each real server's address. */
  own: Readonly<Record<string, Answers>>
}

const at = (port: number): string => `${besidePlan.vip}:${port}`
const sum = (answers: Answers): number => Object.values(answers).reduce((a, b) => a + b, 0)

/** Whether something was answered, and all of it by these. */
function onlyBy(answers: Answers, names: readonly string[]): boolean {
  return sum(answers) > 0 && Object.keys(answers).every(name => names.includes(name))
}

/** Who took what: the kernel what is its own, the real servers what is balanced. Pure. */
export function besideChecks({ phases, loads, own }: BesideEvidence): Check[] {
  const [balanced, not] = [true, false].map(rules => phases.filter(it => it.balanced === rules))
  return [
    everywhere('the kernel’s web server on the VIP’s other port was never balanced', phases, OWN_WEB_PORT, [KERNEL]),
    everywhere('without uvs or its rules the VIP is the kernel’s', not!, drPart.port, [KERNEL]),
    ...[drPart, natPart].map(({ mode, port, servers }) =>
      everywhere(
        `${at(port)} is balanced, ${mode.toUpperCase()}`,
        balanced!,
        port,
        servers.map(({ name }) => name),
      ),
    ),
    ...loads.map(loadCheck),
    ownCheck(own),
  ]
}

/** Under load the turns of rr are the load's too, so that one real server may get all of the client's six. */
function everywhere(name: string, phases: readonly Phase[], port: number, names: readonly string[]): Check {
  const seen = phases.map(phase => ({ state: phase.name, answers: phase.answers[at(port)] ?? {} }))
  const wrong = seen.filter(({ answers }) => !onlyBy(answers, names))
  const idle = names.filter(server => !seen.some(({ answers }) => (answers[server] ?? 0) > 0))
  const asked = seen.reduce((total, { answers }) => total + sum(answers), 0)
  const said = wrong.map(({ state, answers }) => `${state}: ${answersText(answers)}`).join('; ')
  const summary = `${at(port)} asked ${asked} times in ${seen.length} states, ${names.join(' and ')} answered`
  const detail = said || (idle.length > 0 ? `${idle.join(' and ')} never answered` : summary)
  return { name, holds: wrong.length === 0 && idle.length === 0, detail }
}

function loadCheck({ method, requests, failed, servers }: BalancedLoad): Check {
  const counts = servers.map(({ answered }) => answered)
  const all = counts.reduce((a, b) => a + b, 0)
  const even = counts.every(count => Math.abs(count - all / counts.length) < all / 50)
  const each = servers.map(({ name, answered }) => `${name} answered ${answered}`).join(', ')
  const holds = failed === 0 && all >= requests && even
  return {
    name: `the load, ${method.toUpperCase()}`,
    holds,
    detail: `${each}; ${failed} of ${requests} requests failed`,
  }
}

function ownCheck(own: Readonly<Record<string, Answers>>): Check {
  const expected = besidePlan.servers.map(
    ({ name, address }) => [name, own[address.replace(/\/.*/, '')] ?? {}] as const,
  )
  const said = expected.map(([, answers]) => answersText(answers)).join(', ')
  const holds = expected.every(([name, answers]) => onlyBy(answers, [name]))
  return { name: 'the director’s own requests to real servers go by its kernel', holds, detail: said }
}
