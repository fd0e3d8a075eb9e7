import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import t from 'tap'
import { EtcdClient } from '../../src/etcd/etcd-client.js'
import type { EtcdError } from '../../src/etcd/etcd-error.js'
import type { EtcdTls } from '../../src/etcd/handshake.js'
import { tempDir } from '../support/temp.js'

t.test('etcd by TLS, with certificates on both sides', async t => {
  const dir = tempDir(t)
  const make = (name: string): boolean => {
    const request =
      `req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=${name} -addext subjectAltName=IP:127.0.0.1`.split(' ')
    return spawnSync('openssl', [...request, '-keyout', `${dir}/${name}.k`, '-out', `${dir}/${name}.c`]).status === 0
  }
  if (!['etcd', 'director', 'stranger'].every(make)) {
    t.comment('openssl is not installed')
    return
  }
  const pem = (name: string): string => readFileSync(`${dir}/${name}`, 'utf8')
  const options = {
    key: pem('etcd.k'),
    cert: pem('etcd.c'),
    ca: pem('director.c'),
    requestCert: true,
    rejectUnauthorized: true,
  }
  const server = createServer(options, (request, answer) => {
    request.resume()
    const { subject } = (request.socket as TLSSocket).getPeerCertificate()
    const kvs = [{ key: 'YQ==', value: Buffer.from(String(subject.CN)).toString('base64') }]
    answer.end(JSON.stringify({ header: { revision: '1' }, kvs }))
  })
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const ask = async (tls: EtcdTls, isTls = true): Promise<string> => {
    const etcd = new EtcdClient({ endpoints: [{ isTls, host: '127.0.0.1', port }], tls })
    try {
      return (await etcd.get('a'))?.value ?? 'nothing'
    } catch (error) {
      const { message, lasts, mayBeDone } = error as EtcdError
      t.match({ lasts, mayBeDone }, { lasts: true, mayBeDone: false }, 'asking again is of no use')
      return message
    } finally {
      etcd.close()
    }
  }
  const own = { cert: pem('director.c'), key: pem('director.k') }
  t.equal(await ask({ ca: pem('etcd.c'), ...own }), 'director')
  t.match(
    await ask(own),
    /^https:\/\/127\.0\.0\.1:\d+: its certificate is not trusted: self-signed certificate/,
    'an authority that is not known',
  )
  t.match(await ask({ ca: pem('stranger.c'), ...own }), /its certificate is not trusted: self-signed certificate/)
  t.match(
    await ask({ ca: pem('etcd.c') }),
    /^https:\/\/127\.0\.0\.1:\d+: it ends the connection for want of a certificate of ours that it trusts: /,
    'no certificate',
  )
  t.match(await ask({}, false), /^http:\/\/127\.0\.0\.1:\d+: it speaks TLS: is it https:\/\/\?$/, 'http://')
})
