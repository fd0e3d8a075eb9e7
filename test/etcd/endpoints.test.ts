import t from 'tap'
import { endpointName, readEndpoints } from '../../src/etcd/endpoints.js'

t.test('endpoints as etcdctl has them, written out', async t => {
  for (const [text, names] of [
    ['http://10.0.0.1:2379', ['http://10.0.0.1:2379']],
    ['10.0.0.1', ['http://10.0.0.1:2379']],
    ['https://a.example:2, http://b/', ['https://a.example:2', 'http://b:2379']],
    ['https://[2001:db8::1]:4', ['https://[2001:db8::1]:4']],
  ] as const)
    t.strictSame(readEndpoints(text).map(endpointName), names, text)
})

t.test('what is none is named', async t => {
  for (const text of [
    '',
    'ftp://a:1',
    'http://a:0',
    'http://a:65536',
    'http://a:x',
    'http://u:p@a:1',
    'http://a:1/v3',
    'a,,b',
  ])
    t.throws(() => readEndpoints(text), { name: 'RangeError', message: /is not http:\/\/HOST:PORT/ }, text)
})
