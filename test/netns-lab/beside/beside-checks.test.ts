import t from 'tap'
import { besideChecks, type BesideEvidence } from '../../../netns-lab/beside/beside-checks.js'
import { phaseTable, type Phase } from '../../../netns-lab/beside/beside-report.js'

const [OTHER, DR, NAT] = ['192.168.159.100:9000', '192.168.159.100:80', '192.168.159.100:8080']

function phase(name: string, balanced: boolean): Phase {
  const answers = balanced
    ? { [OTHER]: { kernel: 6 }, [DR]: { rs1: 3, rs2: 3 }, [NAT]: { rs3: 3, rs4: 3 } }
    : { [OTHER]: { kernel: 6 }, [DR]: { kernel: 6 }, [NAT]: { refused: 6 } }
  return { name, balanced, echoed: { '192.168.159.34:22': 24 }, answers }
}

function evidence(): BesideEvidence & { phases: Phase[] } {
  const load = { method: 'nat', requests: 100, answered: 100, failed: 0, seconds: 1, requestsPerSecond: 100, p99Ms: 1 }
  const servers = [3, 4].map(n => ({ name: `rs${n}`, address: `192.168.159.1${n}`, weight: 1, answered: 50 }))
  return {
    phases: [phase('no director', false), phase('two services', true)],
    loads: [{ ...load, load: 'ab', servers }],
    own: Object.fromEntries([1, 2, 3, 4].map(n => [`192.168.159.1${n}`, { [`rs${n}`]: 6 }])),
  }
}

const failed = (seen: BesideEvidence): string[] =>
  besideChecks(seen).flatMap(({ name, holds, detail }) => (holds ? [] : [`${name}: ${detail}`]))

t.test('all is as it should be', async t => t.strictSame(failed(evidence()), []))

t.test('what is wrong is found, and named', async t => {
  const cases: [string, (seen: ReturnType<typeof evidence>) => void, RegExp][] = [
    [
      'the kernel’s port is balanced',
      it => (it.phases[1]!.answers[OTHER] = { kernel: 5, rs1: 1 }),
      /never balanced: two/,
    ],
    [
      'a service is there without rules',
      it => (it.phases[0]!.answers[DR] = { rs1: 6 }),
      /is the kernel’s: no director: rs1 6/,
    ],
    ['the kernel takes what is balanced', it => (it.phases[1]!.answers[DR] = { kernel: 6 }), /80 is balanced, DR: two/],
    [
      'one server gets all',
      it => (it.phases[1]!.answers[NAT] = { rs3: 6 }),
      /8080 is balanced, NAT: rs4 never answered/,
    ],
    ['nobody answers', it => (it.phases[1]!.answers[NAT] = { silence: 6 }), /silence 6/],
    ['a request of the load fails', it => (it.loads[0]!.failed = 1), /the load, NAT: .*1 of 100 requests failed/],
    ['the load is uneven', it => (it.loads[0]!.servers[0]!.answered = 60), /rs3 answered 60, rs4 answered 50/],
    [
      'the director’s own request is balanced',
      it => ((it.own as Record<string, object>)['192.168.159.13'] = { rs4: 6 }),
      /own/,
    ],
    ['nothing was asked', it => (it.phases.length = 0), /never answered/],
  ]
  for (const [what, plant, found] of cases) {
    const seen = evidence()
    plant(seen)
    t.match(failed(seen).join('\n'), found, what)
  }
})

t.test('the table has a row a state, a column a session and an address', async t => {
  t.strictSame(phaseTable(evidence().phases), [
    'who answers   192.168.159.34:22  192.168.159.100:9000  192.168.159.100:80  192.168.159.100:8080',
    'no director   24 lines           kernel 6              kernel 6            refused 6',
    'two services  24 lines           kernel 6              rs1 3, rs2 3        rs3 3, rs4 3',
  ])
  t.strictSame(phaseTable([]), [])
})
