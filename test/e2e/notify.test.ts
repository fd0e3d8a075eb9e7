import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Ledger } from '../../netns-lab/ledger.js'
import { Namespaces, type Started } from '../../netns-lab/namespaces.js'
import { run } from '../../netns-lab/proc.js'
import { whyNoNamespaces } from '../../netns-lab/requirements.js'
import { ours } from '../../netns-lab/tools.js'
import { tempDir } from '../support/temp.js'
import { sooner } from './lan.js'
import { unhooked } from './unhooked.js'

/*
 * What a director tells of its virtual routers by FIFO and by mail, beside what the real keepalived tells of the same: a start, a script
 * that fails, one that is well again, the end. And scripts that would outlive it.
 */

const LIMIT_MS = 60_000

function instance(number: number, more = ''): string {
  return `vrrp_instance VI_${number} {
  interface eth0
  virtual_router_id 5${number}
  priority 150
  version 3
  advert_int 0.2
  ${more}
  virtual_ipaddress {
    10.79.0.10${number}/24
  }
}
`
}

class Host {
  constructor(readonly spaces: Namespaces) {}
  path(what: string): string {
    return join(this.spaces.ledger.dir, what)
  }

  async build(): Promise<void> {
    const { spaces } = this
    for (const name of ['lb', 'wire']) await spaces.add(name)
    await spaces.cable('lb', 'eth0', 'wire', 'to-lb')
    await spaces.ip('lb', 'addr', 'add', '10.79.0.1/24', 'dev', 'eth0')
    spaces.start('lb', 'sink', 'env', unhooked([ours('test/e2e/smtp-sink.js')]))
    await sooner(async () => readFileSync(this.path('sink.log'), 'utf8').includes('ready'), LIMIT_MS)
    // It reads to the end of the FIFO, whoever tells it to end.
    writeFileSync(
      this.path('reads.sh'),
      `trap '' TERM\nwhile read -r line; do echo "$line" >> "$1"; done < "$2"\necho over >> "$1"\n`,
    )
  }

  configure(name: string): void {
    writeFileSync(
      this.path(`${name}.conf`),
      `global_defs {
  script_user root
  enable_script_security
  vrrp_notify_fifo ${this.path(`${name}.fifo`)} nobody
  vrrp_notify_fifo_script "/bin/sh ${this.path('reads.sh')} ${this.path(`${name}.told`)}"
  notification_email {
    ops@example.com
    dev@example.com
  }
  notification_email_from ka@example.com
  smtp_server 127.0.0.1 2525
  router_id LVS_A
}
vrrp_script chk {
  script "/bin/sh -c 'test ! -e ${this.path('bad')}'"
  interval 1
}
vrrp_sync_group VG_1 {
  group {
    VI_1
    VI_2
  }
  smtp_alert
}
${instance(1, 'track_script {\n    chk\n  }\n  smtp_alert')}${instance(2)}`,
    )
  }

  start(name: 'uvs' | 'keepalived'): Started {
    const file = this.path(`${name}.conf`)
    if (name === 'uvs') {
      const files = ['--control', this.path('uvs.sock'), '--keepalived', file]
      return this.spaces.start('lb', name, 'env', unhooked([ours('src/cli/uvs/main.js'), 'director', '--raw', 'eth0', ...files])) // prettier-ignore
    }
    const pids = ['-p', this.path('p.pid'), '-r', this.path('r.pid')]
    return this.spaces.start('lb', name, 'keepalived', ['-f', file, '-nlP', ...pids])
  }

  told(name: string): string[] {
    const file = this.path(`${name}.told`)
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
  }
  mails(): string[] {
    return readFileSync(this.path('sink.log'), 'utf8').trim().split('\n').slice(1)
  }

  /** From start to end; what was told, and the mails. */
  async story(name: 'uvs' | 'keepalived'): Promise<{ told: string[]; mails: string[] }> {
    this.configure(name)
    const before = this.mails().length
    const { pid, ended } = this.start(name)
    const are = (line: string, count: number): Promise<void> =>
      sooner(async () => this.told(name).filter(one => one === line).length === count, LIMIT_MS)
    await are('GROUP "VG_1" MASTER 0', 1)
    const stat = statSync(this.path(`${name}.fifo`))
    t.equal(`${stat.mode & 0o7777} ${stat.uid}`, `${0o600} 65534`, `${name}'s FIFO is nobody's`)
    writeFileSync(this.path('bad'), '')
    await are('GROUP "VG_1" FAULT 0', 1)
    rmSync(this.path('bad'))
    await are('GROUP "VG_1" MASTER 0', 2)
    // Those of an instance and of the group: five transitions of each.
    await sooner(async () => this.mails().length - before >= 10, LIMIT_MS)
    process.kill(pid, 'SIGTERM')
    t.equal(await ended(), 0)
    t.notOk(existsSync(this.path(`${name}.fifo`)), `${name}'s FIFO is gone`)
    return { told: this.told(name), mails: this.mails().slice(before) }
  }
}

/** A process that nobody has waited for yet is dead too. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

const skip = (await whyNoNamespaces()) ?? false
t.test('FIFOs and mails, and scripts that hang', { skip, timeout: 400_000 }, async t => {
  const host = new Host(new Namespaces(await Ledger.open(`uvs-no-${process.pid}-`)))
  t.teardown(() => host.spaces.ledger.remove())
  await host.build()
  const found = await host.story('uvs')
  t.equal(found.told.at(-1), 'over', 'the script reads to the end')
  const lines = found.told.filter(line => line !== 'over')
  t.strictSame(lines.slice(-3).sort(), ['GROUP "VG_1" STOP 0', 'INSTANCE "VI_1" STOP 150', 'INSTANCE "VI_2" STOP 150'])
  t.equal(found.mails.length, 10)

  const noReal = (await run('keepalived', ['-v'])).status === 0 ? false : 'keepalived is not installed'
  await t.test('the real one tells the same', { skip: noReal }, async t => {
    const real = await host.story('keepalived')
    t.strictSame(lines.toSorted(), real.told.filter(line => line !== 'over').toSorted())
    t.strictSame(found.mails.toSorted(), real.mails.toSorted())
  })

  await t.test('servers: FIFO, mails, a quorum that is lost', async t => {
    host.configure('uvs')
    const servers = `virtual_server 10.79.0.9 80 {
  delay_loop 1
  lb_algo rr
  lb_kind NAT
  protocol TCP
  smtp_alert
  real_server 10.79.0.8 80 {
    MISC_CHECK {
      misc_path "/bin/sh -c 'test ! -e ${host.path('dead')}'"
    }
  }
}
`
    const told = host.path('servers.told')
    const lvs = `lvs_notify_fifo ${host.path('lvs.fifo')}\n  lvs_notify_fifo_script "/bin/sh ${host.path('reads.sh')} ${told}"`
    const globals = readFileSync(host.path('uvs.conf'), 'utf8').split('vrrp_script')[0]!
    writeFileSync(
      host.path('uvs.conf'),
      globals.replace(/ {2}vrrp_notify_fifo[^]*?(?= {2}notification_email \{)/, `  ${lvs}\n`) + servers,
    )
    const before = host.mails().length
    const { pid, ended } = host.start('uvs')
    const are = (count: number): Promise<void> =>
      sooner(async () => existsSync(told) && readFileSync(told, 'utf8').split('\n').length > count, LIMIT_MS)
    await are(1)
    writeFileSync(host.path('dead'), '')
    await are(3)
    rmSync(host.path('dead'))
    await are(5)
    await sooner(async () => host.mails().length - before >= 5, LIMIT_MS)
    process.kill(pid, 'SIGTERM')
    t.equal(await ended(), 0)
    const [service, server] = ['VS [10.79.0.9]:tcp:80', 'RS [10.79.0.8]:tcp:80 [10.79.0.9]:tcp:80']
    const lines = readFileSync(told, 'utf8').trim().split('\n')
    t.strictSame(lines, [`${service} UP`, `${server} DOWN`, `${service} DOWN`, `${server} UP`, `${service} UP`, 'over'])
    const subjects = host.mails().slice(before).map(mail => /"Subject: (.*?)"/.exec(mail)?.[1]) // prettier-ignore
    const real = '[LVS_A] Realserver [10.79.0.8]:tcp:80 of virtual server [10.79.0.9]:tcp:80 -'
    const virtual = '[LVS_A] Virtualserver [10.79.0.9]:tcp:80 -'
    t.strictSame(subjects, [`${virtual} UP`, `${real} DOWN`, `${virtual} DOWN`, `${real} UP`, `${virtual} UP`])
  })

  await t.test('a check that hangs, and has forked, ends with the director: TERM, and kill -9', async t => {
    // A lab's own directory is root's alone.
    const dir = tempDir(t)
    chmodSync(dir, 0o777)
    writeFileSync(
      `${dir}/hangs.sh`,
      `trap '' TERM\nsleep 300 &\necho "$$ $! $(id -u) $(id -g) $(id -G)" > ${dir}/pids.new\nmv ${dir}/pids.new ${dir}/pids\nwait\nsleep 300\n`,
    )
    writeFileSync(
      host.path('uvs.conf'),
      `global_defs {
  script_user nobody
  enable_script_security
}
virtual_server 10.79.0.9 80 {
  delay_loop 600
  lb_algo rr
  lb_kind NAT
  protocol TCP
  real_server 10.79.0.8 80 {
    MISC_CHECK {
      misc_path "/bin/sh ${dir}/hangs.sh"
    }
  }
}
`,
    )
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      rmSync(`${dir}/pids`, { force: true })
      const { pid } = host.start('uvs')
      await sooner(async () => existsSync(`${dir}/pids`), LIMIT_MS)
      const [script = 0, child = 0, ...ids] = readFileSync(`${dir}/pids`, 'utf8').trim().split(' ').map(Number)
      t.strictSame(ids, [65534, 65534, 65534], 'it runs as nobody, with no other groups')
      t.ok(isAlive(script) && isAlive(child))
      process.kill(pid, signal)
      await sooner(async () => !isAlive(pid) && !isAlive(script) && !isAlive(child), LIMIT_MS)
      t.pass(`${signal}: all are gone`)
    }
  })
})
