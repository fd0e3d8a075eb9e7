import { spawn } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import { pid } from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { DirectorVrrp } from '../../../../src/cli/uvs/director/director-vrrp.js'
import { notDone } from '../../../../src/cli/uvs/director/keepalived-limits.js'
import type { VrrpRouter } from '../../../../src/keepalived/vrrp/router.js'
import type { RouterSettings } from '../../../../src/keepalived/vrrp/settings.js'
import type { Told } from '../../../../src/keepalived/vrrp-host/vrrp-host.js'
import { nameOf } from '../../../../src/keepalived/processes/process-files.js'
import { until } from '../../../../netns-lab/proc.js'
import { configOf } from '../../../keepalived/vrrp/recording.js'
import { tempDir } from '../../../support/temp.js'

const text = (tracked = 'track_script {\n chk\n }'): string => `vrrp_script chk {
  script "/bin/true"
  interval 60
}
track_file tf {
  file /no/such/file
}
vrrp_instance VI_1 {
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority 150
  virtual_ipaddress { 10.1.1.1 dev eth1 }
  ${tracked}
  notify_master "/bin/echo master"
  smtp_alert
}
`

/** Of the speaker. */
const ROUTER = {} as VrrpRouter

const nobody = (): void => {}

/** Virtual routers of a configuration, with what they do instead of a host's. */
function rig(config: string) {
  const did: string[] = []
  let tell: (told: Told) => void = nobody
  const speaker = (settings: RouterSettings, told: (told: Told) => void) => {
    tell = told
    did.push(`speaker for ${settings.instances.map(({ name }) => name).join()}`)
    return {
      start: () => void did.push('start'),
      reload: (next: RouterSettings) => void did.push(`reload ${next.instances.map(({ name }) => name).join()}`),
      stop: () => void did.push('stop'),
      router: ROUTER,
      setScript: (name: string, isGood: boolean) => void did.push(`${name} ${isGood}`),
      setFile: (name: string, value: number) => void did.push(`${name} ${value}`),
      setProcess: (name: string, isGood: boolean) => void did.push(`process ${name} ${isGood}`),
    }
  }
  const vrrp = new DirectorVrrp(
    {
      tell: line => void did.push(`tell ${line}`),
      happened: text => void did.push(`happened ${text}`),
      runScript: ({ words }) => void did.push(`run ${words.join(' ')}`),
      writeFifo: line => void did.push(`fifo ${line}`),
      mail: ({ subject }) => void did.push(`mail ${subject}`),
      moved: () => void did.push('moved'),
      fileValue: () => 7,
      speaker,
    },
    configOf(config),
  )
  const take = (): string[] => did.splice(0)
  return { vrrp, take, told: (told: Told) => tell(told) }
}

t.test('from start to end', async t => {
  const { vrrp, take, told } = rig(text())
  t.equal(vrrp.router, undefined, 'nothing is spoken yet')
  vrrp.start()
  t.equal(vrrp.router, ROUTER)
  t.strictSame(take(), ['speaker for VI_1', 'tf 7', 'start'], 'what is known at once is told before')
  let after: string[] = []
  for (let i = 0; i < 6000 && after.length < 2; i++) {
    await sleep(10)
    after = [...after, ...take()]
  }
  t.strictSame(after, ['tell VRRP_Script(chk) succeeded', 'chk true'])
  t.match(vrrp.scripts, [{ name: 'chk', isGood: true, why: 'exited with status 0' }])
  told({ kind: 'transition', instance: 'VI_1', from: 'BACKUP', to: 'MASTER', priority: 150, reason: 'why' })
  told({ kind: 'notify', of: 'INSTANCE', name: 'VI_1', event: 'MASTER', priority: 150 })
  t.strictSame(take(), [
    'happened VI_1: BACKUP to MASTER, priority 150: why',
    'tell (VI_1) BACKUP to MASTER, priority 150: why',
    'fifo INSTANCE "VI_1" MASTER 150',
    'run /bin/echo master',
    'mail VRRP Instance VI_1 - Entering MASTER state',
    'moved',
  ])
  vrrp.fileChanged('tf', 3)
  t.strictSame(take(), ['tf 3'])
  vrrp.reload(configOf(text()))
  t.strictSame(take(), ['tf 7', 'reload VI_1'])
  await sleep(100)
  t.strictSame(take(), [], 'the script is not run anew')
  vrrp.close()
  t.strictSame(take(), ['stop'])
})

t.test('without an instance nothing is spoken, until a reload brings one', async t => {
  const { vrrp, take } = rig('')
  vrrp.start()
  vrrp.fileChanged('tf', 3)
  t.strictSame(take(), [])
  vrrp.reload(configOf(text('')))
  t.strictSame(take(), ['speaker for VI_1', 'tf 7', 'start'], 'a script that nobody follows is not run')
  vrrp.reload(configOf(''))
  t.strictSame(take(), ['reload '])
  vrrp.close()
})

t.test('init_fail is told before the first run', async t => {
  const { vrrp, take } = rig(text().replace('interval 60', 'interval 60\n  init_fail'))
  vrrp.start()
  t.strictSame(take(), ['speaker for VI_1', 'tf 7', 'chk false', 'start'])
  vrrp.close()
})

const block = (name: string): string => `vrrp_track_process ${name} {\n process ${name}\n}\n`
const following = (name: string): string => `${block('other')}${block(name)}${text(`track_process {\n ${name}\n }`)}`

t.test('track_process: what runs is told before the start, and the next look tells what has ended', async t => {
  const name = `uvs-tp-${pid % 100_000}`
  const { vrrp, take } = rig(following(name))
  const path = `${tempDir(t)}/${name}`
  copyFileSync('/bin/sleep', path)
  const child = spawn(path, ['60'])
  t.teardown(() => child.kill('SIGKILL'))
  const isThere = (): boolean => nameOf(String(child.pid)) === name
  await until(isThere, 10_000)
  vrrp.start()
  t.strictSame(take(), [
    'speaker for VI_1',
    'tf 7',
    `tell Quorum gained for tracked process ${name}`,
    `process ${name} true`,
    'start',
  ])
  vrrp.reload(configOf(following(name)))
  t.strictSame(take(), ['tf 7', 'reload VI_1'], 'a reload tells nothing new')
  child.kill('SIGKILL')
  let after: string[] = []
  for (let i = 0; i < 3000 && after.length < 2; i++) {
    await sleep(20)
    after = [...after, ...take()]
  }
  t.strictSame(after, [`tell Quorum lost for tracked process ${name}`, `process ${name} false`])
  vrrp.close()
})

t.test('what is not done is said', async t => {
  t.strictSame(notDone(configOf(text())), [])
  const lines = notDone(
    configOf(`global_defs {
  vrrp_notify_fifo /tmp/x
  notification_email {
    a@b.c
  }
}
${text().replace('file /no/such/file', 'file /no/such/file\n init_file 5')}`),
  )
  t.match(lines, [/without smtp_server: no mails/, /init_file/])
})
