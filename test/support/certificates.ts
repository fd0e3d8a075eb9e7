import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { tempDir } from './temp.js'

/** Why tests with certificates are left out; false where they run. */
export const NO_OPENSSL: string | false =
  spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed'

const KEY = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'.split(' ')

export interface CertificateFiles {
  readonly cert: string
  readonly key: string
}

/** An authority, and what it signs for 127.0.0.1, in files that go with the test. */
export class Authority {
  readonly cert: string
  readonly #dir: string

  constructor(t: Parameters<typeof tempDir>[0]) {
    this.#dir = tempDir(t)
    this.cert = `${this.#dir}/ca.crt`
    this.#openssl(
      'req',
      '-x509',
      ...KEY,
      '-days',
      '2',
      '-subj',
      '/CN=an authority',
      '-keyout',
      this.#of('ca.key'),
      '-out',
      this.cert,
    )
    writeFileSync(this.#of('ext'), 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n')
  }

  /** `subject` as openssl has it: /CN=etcd. */
  sign(name: string, subject: string): CertificateFiles {
    const [cert, key, request] = [this.#of(`${name}.crt`), this.#of(`${name}.key`), this.#of(`${name}.csr`)]
    this.#openssl('req', ...KEY, '-subj', subject, '-keyout', key, '-out', request)
    const by = ['-CA', this.cert, '-CAkey', this.#of('ca.key'), '-CAcreateserial', '-days', '2']
    this.#openssl('x509', '-req', '-in', request, ...by, '-extfile', this.#of('ext'), '-out', cert)
    return { cert, key }
  }

  #of(name: string): string {
    return `${this.#dir}/${name}`
  }
  #openssl(...words: string[]): void {
    const { status, stderr } = spawnSync('openssl', words, { encoding: 'utf8' })
    if (status !== 0) throw new Error(`openssl ${words[0]}: ${stderr}`)
  }
}
