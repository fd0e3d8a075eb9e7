import { hostname, userInfo } from 'node:os'
import { hostSockets } from '../../../keepalived/checkers/host-sockets.js'
import type { GlobalDefs } from '../../../keepalived/config/tree/global.js'
import type { Script } from '../../../keepalived/config/tree/scripts.js'
import type { Action } from '../../../keepalived/health/action.js'
import { MailQueue } from '../../../keepalived/mail/mail-queue.js'
import { isCheckerMailWanted, mailSettings } from '../../../keepalived/mail/mail-settings.js'
import type { Mail } from '../../../keepalived/mail/mail-text.js'
import { NotifyFifos } from '../../../keepalived/scripts/notify-fifos.js'
import { runOnce } from '../../../keepalived/scripts/once-script.js'
import { NotifyRunner } from '../../../keepalived/scripts/notify-runner.js'

/** Whom a director tells of transitions, as global_defs say: scripts, FIFOs, mails. */
export class DirectorNotices {
  readonly #scripts: NotifyRunner
  readonly #fifos: NotifyFifos
  readonly #mails: MailQueue
  readonly #tell: (line: string) => void
  #global: GlobalDefs
  /** `start` has been. */
  #isStarted = false

  constructor(global: GlobalDefs, tell: (line: string) => void) {
    this.#global = global
    this.#tell = tell
    this.#scripts = new NotifyRunner(tell)
    this.#fifos = new NotifyFifos(tell)
    this.#mails = new MailQueue(peer => hostSockets.connect(peer), tell)
  }

  /** startup_script: the director waits for its end before it begins. */
  async start(): Promise<void> {
    this.#isStarted = true
    const { startupScript, startupScriptTimeoutMs } = this.#global
    if (startupScript) await runOnce('startup script', startupScript, startupScriptTimeoutMs, this.#global, this.#tell)
  }

  /** At the start, and when others are read: FIFOs are opened, and their scripts started. */
  async follow(global: GlobalDefs): Promise<void> {
    this.#global = global
    this.#mails.settings = mailSettings(global, { name: hostname(), user: userInfo().username })
    await this.#fifos.follow(global)
  }

  run(script: Script): void {
    const { scriptUser, scriptGroup } = this.#global
    void this.#scripts.run(script, scriptUser, scriptGroup)
  }

  /** A line of a virtual router. */
  writeVrrp(line: string): void {
    this.#fifos.vrrp(line)
  }
  /** A line of a virtual or a real server. */
  writeLvs(line: string): void {
    this.#fifos.lvs(line)
  }

  mail(mail: Mail): void {
    this.#mails.put(mail)
  }
  /** Of a virtual or a real server, where it is wanted. */
  mailOfCheck(mail: Action & { kind: 'mail' }): void {
    if (isCheckerMailWanted(mail, this.#global)) this.#mails.put(mail)
  }

  /** Scripts and mails have two seconds more; then comes shutdown_script. */
  async close(): Promise<void> {
    await Promise.all([this.#scripts.close(), this.#fifos.close(), this.#mails.close()])
    const { shutdownScript: last, shutdownScriptTimeoutMs } = this.#global
    if (last && this.#isStarted)
      await runOnce('shutdown script', last, shutdownScriptTimeoutMs, this.#global, this.#tell)
  }
}
