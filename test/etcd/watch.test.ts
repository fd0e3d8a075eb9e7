import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { EtcdClient } from '../../src/etcd/etcd-client.js'
import type { Endpoint } from '../../src/etcd/endpoints.js'
import { fakeGateway, type FakeAsked } from '../support/fake-gateway.js'

const b64 = (text: string): string => Buffer.from(text).toString('base64')

/** A message of the stream. */
function message(revision: number, more: object = {}, clusterId = '1'): string {
  return `${JSON.stringify({ result: { header: { cluster_id: clusterId, revision: String(revision) }, ...more } })}\n`
}
const created = (revision: number, clusterId?: string): string => message(revision, { created: true }, clusterId)
const put = (key: string, value: string, mod: number): object => ({
  kv: { key: b64(key), value: b64(value), mod_revision: String(mod) },
})

/** What a watch from revision 5 on is told, a text each. */
function follow(t: Test, endpoints: readonly Endpoint[]): { told: string[]; until(text: RegExp): Promise<void> } {
  const etcd = new EtcdClient({ endpoints, connectMs: 500, answerMs: 1000 })
  const told: string[] = []
  const watch = etcd.watch({ prefix: '/u/' }, 5, {
    changed: (events, revision) =>
      void told.push(
        `${revision}: ${events.map(each => ('put' in each ? `${each.put.key}=${each.put.value}` : `-${each.deleted}`)).join()}`,
      ),
    compacted: () => void told.push('compacted'),
    lost: why => void told.push(`lost: ${why.kind}`),
    resumed: () => void told.push('resumed'),
  })
  t.teardown(() => {
    watch.close()
    etcd.close()
  })
  return {
    told,
    async until(text) {
      for (let i = 0; i < 1000 && !told.some(line => text.test(line)); i++) await sleep(10)
      t.ok(
        told.some(line => text.test(line)),
        `${text} is told`,
      )
    },
  }
}

/** Answers the watches one after the other. */
function watches(t: Test, ...answers: ((answer: ServerResponse, body: Record<string, unknown>) => unknown)[]) {
  return fakeGateway(t, ({ path, body, answer }: FakeAsked) => {
    if (path !== '/v3/watch') return { header: { revision: '9' } }
    const next = answers.shift()
    if (next) next(answer, body)
    return undefined
  })
}

t.test('changes come in order, cut anywhere, and a lost stream goes on behind the last', async t => {
  const gateway = await watches(
    t,
    answer => {
      const all = Buffer.from(
        created(4) + message(6, { events: [put('/u/ä', 'ö', 5), { type: 'DELETE', kv: { key: b64('/u/b') } }] }),
      )
      let at = 0
      const timer = setInterval(() => {
        if (at < all.length) answer.write(all.subarray(at, (at += 7)))
        else {
          clearInterval(timer)
          answer.destroy()
        }
      }, 1)
    },
    answer => void answer.write(created(8) + message(8, { events: [put('/u/c', 'x', 8)] })),
  )
  const { told, until } = follow(t, [gateway.endpoint])
  await until(/^8:/)
  t.strictSame(told, ['6: /u/ä=ö,-/u/b', 'lost: unreachable', 'resumed', '8: /u/c=x'])
  const starts = gateway.asked.filter(({ path }) => path === '/v3/watch')
  t.strictSame(
    starts.map(({ body }) => (body.create_request as Record<string, unknown>).start_revision),
    ['5', '7'],
  )
})

t.test('fragments of a transaction are told together; one that is not whole is not told', async t => {
  const gateway = await watches(
    t,
    answer => {
      answer.write(created(4) + message(6, { fragment: true, events: [put('/u/a', '1', 6)] }))
      setTimeout(() => answer.destroy(), 50)
    },
    answer => {
      answer.write(created(6) + message(6, { fragment: true, events: [put('/u/a', '1', 6)] }))
      answer.write(message(6, { events: [put('/u/b', '2', 6)] }))
    },
  )
  const { told, until } = follow(t, [gateway.endpoint])
  await until(/^6:/)
  t.strictSame(told, ['lost: unreachable', 'resumed', '6: /u/a=1,/u/b=2'])
})

t.test('progress without changes moves the place to go on from', async t => {
  const gateway = await watches(
    t,
    answer => {
      answer.write(created(4) + message(20))
      setTimeout(() => answer.end(), 50)
    },
    answer => void answer.write(created(20)),
  )
  await follow(t, [gateway.endpoint]).until(/resumed/)
  t.equal((gateway.asked.at(-1)!.body.create_request as Record<string, unknown>).start_revision, '21')
})

/** Revision 30 is seen, then it breaks off. */
function seen30(answer: ServerResponse): void {
  answer.write(created(30) + message(30))
  setTimeout(() => answer.destroy(), 50)
}

t.test('what cannot be gone on with is compacted', async t => {
  for (const [what, said] of [
    ['a compacted revision', message(40, { canceled: true, compact_revision: '35' })],
    [
      'by its reason alone',
      message(40, { canceled: true, cancel_reason: 'mvcc: required revision has been compacted' }),
    ],
    ['a store that is behind: restored', created(12)],
    ['another cluster', created(40, '2')],
  ] as const) {
    const gateway = await watches(t, seen30, answer => void answer.write(said))
    const { told, until } = follow(t, [gateway.endpoint])
    await until(/compacted/)
    t.strictSame(told, ['lost: unreachable', 'compacted'], what)
  }
})

t.test('rubbish on the stream is a lost stream', async t => {
  for (const [what, said] of [
    ['no JSON', `${created(4)}{"result":\n`],
    ['no result', `${created(4)}{}\n`],
    ['null', `${created(4)}null\n`],
    ['an error', `${created(4)}{"error":{"grpc_code":14,"http_code":503,"message":"etcdserver: no leader"}}\n`],
    ['cancelled', created(4) + message(4, { canceled: true, cancel_reason: 'etcdserver: no leader' })],
    ['revision of no number', `${created(4)}{"result":{"header":{"revision":"x"},"events":[]}}\n`],
  ] as const) {
    const gateway = await watches(
      t,
      answer => void answer.write(said),
      answer => void answer.write(created(4) + message(5, { events: [put('/u/a', '1', 5)] })),
    )
    const { told, until } = follow(t, [gateway.endpoint])
    await until(/^5:/)
    t.match(told, [/^lost/, 'resumed', '5: /u/a=1'], what)
  }
})

t.test('it goes on at the next endpoint, and a huge value comes through', async t => {
  const huge = 'x'.repeat(5_000_000)
  const first = await watches(t, answer => {
    answer.write(created(4))
    setTimeout(() => answer.destroy(), 20)
  })
  const second = await watches(
    t,
    answer => void answer.write(created(5) + message(5, { events: [put('/u/a', huge, 5)] })),
  )
  const { told, until } = follow(t, [first.endpoint, second.endpoint])
  await until(/^5:/)
  t.equal(told.at(-1)!.length, '5: /u/a='.length + huge.length)
})

t.test('an endpoint that has lost its leader, or hangs, is left', async t => {
  const hung = await fakeGateway(t, ({ path, answer }) => {
    if (path === '/v3/watch') answer.write(created(4))
    return undefined
  })
  const good = await watches(t, answer => void answer.write(created(5) + message(5, { events: [put('/u/a', '1', 5)] })))
  const { told, until } = follow(t, [hung.endpoint, good.endpoint])
  await until(/^5:/)
  t.strictSame(told, ['lost: unreachable', 'resumed', '5: /u/a=1'])
})
