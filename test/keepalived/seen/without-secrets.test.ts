import t from 'tap'
import { withoutSecrets } from '../../../src/keepalived/seen/without-secrets.js'

const shownOf = (text: string, warnings: string[] = []) => withoutSecrets([text], warnings)

t.test('values of passwords go, and all else stays', async t => {
  const text = [
    'vrrp_instance VI_1 {',
    '  authentication {',
    '    auth_type PASS',
    '    auth_pass hunter2 # old one: hunter1',
    '  }',
    '  virtual_ipaddress {',
    '    10.0.0.1/32 dev lo # authentication',
    '  }',
    '}',
    'SSL { password "sesame street" }',
    '# auth_pass hunter3',
    'authentication { auth_type AH auth_pass hunter4 }',
    'priority 100',
  ].join('\n')
  const { texts } = shownOf(text)
  const [shown = ''] = texts
  t.notMatch(shown, /hunter|sesame|street/)
  for (const kept of [
    'vrrp_instance VI_1 {',
    '    auth_type PASS',
    '    10.0.0.1/32 dev lo # authentication',
    'priority 100',
  ])
    t.ok(shown.split('\n').includes(kept), kept)
  t.equal(shown.split('\n').length, text.split('\n').length, 'lines keep their numbers')
})

t.test('a keyword misspelt in the block, a line that goes on, a definition', async t => {
  const shown = withoutSecrets(
    [
      '$FIRST=hun\nauthentication {\n  auht_pass hunter2\n}\nauth_pass \\\n  hunter3\n',
      '$OTHER = ter4\nauthentication\n{\n  auth_pass ${FIRST}$OTHER\n}\n$NAME = web',
    ],
    ["x.conf:3: Unknown keyword 'auht_pass' (hunter2)", 'x.conf:9: warning: hunter3 is too long'],
  )
  t.notMatch(shown.texts.join('\n'), /hun|ter/)
  t.notMatch(shown.warnings.join('\n'), /hunter/)
  t.match(shown.warnings, ["x.conf:3: Unknown keyword 'auht_pass' (…)", 'x.conf:9: warning: … is too long'])
})

t.test('without passwords nothing is hidden', async t => {
  const text = '$WEB = 10.0.0.1\nvirtual_server $WEB 80 {\n  lb_algo rr\n}\n'
  t.same(shownOf(text, ['a: b']), { texts: [text], warnings: ['a: b'] })
})
