import t from 'tap'
import { type ReadConfig, readConfig } from '../../../src/keepalived/config/read-config.js'
import { recordedHost } from './recorded-host.js'

/* enable_script_security as keepalived 2.2.7 does it: a script that others than root may write is not run as root, and as another user it is. */

const UNSAFE = '/tmp/unsafe.sh'

interface Case {
  readonly globals: string
  /** Whom each script's own line or block names. */
  readonly user?: string
  readonly users?: readonly string[]
}

function read({ globals, user = '', users = ['root', 'nobody'] }: Case): ReadConfig {
  const text = `global_defs {
  notify_fifo /tmp/f
  notify_fifo_script ${UNSAFE} ${user}
  ${globals}
}
vrrp_script chk {
  script ${UNSAFE}
  ${user && `user ${user}`}
}
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  virtual_ipaddress {
    192.168.200.50
  }
  track_script {
    chk
  }
  notify_backup ${UNSAFE} ${user}
}
virtual_server 10.0.0.9 80 {
  protocol TCP
  lb_algo rr
  lb_kind NAT
  quorum_up ${UNSAFE} ${user}
  real_server 10.0.0.8 80 {
    notify_up ${UNSAFE} ${user}
    MISC_CHECK {
      misc_path ${UNSAFE}
      ${user && `user ${user}`}
    }
  }
}
`
  const host = recordedHost('k.conf', { text })
  return readConfig('k.conf', {
    ...host,
    script: path => (path === UNSAFE ? 'insecure' : host.script(path)),
    hasUser: name => users.includes(name),
  })
}

/** How many of the six scripts would run. */
function running({ config }: ReadConfig): number {
  const { global, scripts, instances, virtualServers } = config!
  const [service] = virtualServers
  const [server] = service!.realServers
  const found = [global.notifyFifoScript, instances[0]!.notify.backup, service!.quorumUp, server!.notifyUp]
  return found.filter(Boolean).length + scripts.length + server!.checkers.length
}

t.test('as root it is left out: a message for each, and the status of -t', async t => {
  const found = read({ globals: 'script_user root\nenable_script_security' })
  t.equal(running(found), 0)
  const texts = found.messages.map(({ text, place }) => `${place?.line ?? '-'} ${text}`)
  const disabled = `Unsafe permissions found for script '${UNSAFE}' - disabling.`
  t.ok(texts.includes(`3 ${disabled}`), 'that of the FIFO, which stands before enable_script_security')
  t.equal(texts.filter(text => /^\d/.test(text) && text.endsWith(disabled)).length, 5, texts.join('\n'))
  t.ok(texts.includes('7 Disabling track script chk due to insecure'))
  t.notOk(texts.some(text => text.includes('SECURITY VIOLATION')))
  t.equal(found.status, 5, 'for the track script; a notify script alone is no error')
})

t.test('as another user it runs', async t => {
  for (const one of [
    { globals: 'script_user nobody\nenable_script_security' },
    { globals: 'script_user root\nenable_script_security', user: 'nobody' },
    { globals: 'enable_script_security', users: ['root', 'keepalived_script'] },
  ]) {
    const found = read(one)
    t.equal(running(found), 6, JSON.stringify(one))
    t.equal(found.status, 0, found.messages.map(({ text }) => text).join('\n'))
  }
  const own = read({ globals: 'script_user nobody\nenable_script_security', user: 'root' })
  t.equal(running(own), 0, 'root by its own line')
})

t.test('without enable_script_security it runs, and -t has status 6', async t => {
  const found = read({ globals: 'script_user root' })
  t.equal(running(found), 6)
  t.equal(found.status, 6)
  t.ok(found.messages.some(({ text }) => text === 'SECURITY VIOLATION - scripts are being executed but script_security not enabled. There are insecure scripts.')) // prettier-ignore
})

t.test('who runs scripts where nobody says it', async t => {
  t.equal(read({ globals: '', users: ['root', 'keepalived_script'] }).config?.global.scriptUser, 'keepalived_script')
  t.equal(read({ globals: '' }).config?.global.scriptUser, undefined)
})

const textsOf = ({ messages }: ReadConfig): string[] =>
  messages.map(({ severity, text, place }) => `${place?.line ?? '-'} ${severity} ${text}`)

t.test('after a script_user that there is none of, a script needs a user of its own', async t => {
  const none = read({ globals: 'script_user nosuch' })
  t.equal(running(none), 1, 'that of the FIFO, which stands before script_user')
  t.equal(none.status, 6, 'so enable_script_security is missed')
  const texts = textsOf(none)
  for (const said of [
    '4 error Error setting global script uid/gid',
    '9 error Unable to set default user for vrrp script chk - removing',
    '17 error (VI_1) track script chk not found, ignoring...',
    "31 error Unable to set default user for misc script '/tmp/unsafe.sh' - removing",
    '19 warning a script without a user of its own is left out',
  ])
    t.ok(texts.includes(said), `${said} in\n${texts.join('\n')}`)
  const own = read({ globals: 'script_user nosuch', user: 'nobody' })
  t.equal(running(own), 6)
  t.equal(own.status, 6)
  const instance = 'interface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n192.0.2.1\n}\nnotify_master /bin/true\n'
  const text = `global_defs {\nscript_user nosuch\n}\nvrrp_instance V {\n${instance}}\n`
  t.equal(readConfig('k.conf', recordedHost('k.conf', { text })).status, 5, 'no script is left that would miss it')
  const again = textsOf(read({ globals: 'script_user nosuch\n  script_user root' }))
  t.ok(again.includes('5 error Error setting global script uid/gid'), 'nor does a good one below help')
})
