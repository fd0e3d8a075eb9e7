import type { KeepalivedConfig } from '../../../keepalived/config/tree/config.js'
import type { Script } from '../../../keepalived/config/tree/scripts.js'
import type { VrrpScript } from '../../../keepalived/config/tree/vrrp.js'
import { ProcessWatch } from '../../../keepalived/processes/process-watch.js'
import { type ScriptStatus, TrackScript } from '../../../keepalived/scripts/track-script.js'
import { routerSettingsFrom } from '../../../keepalived/vrrp/from-config.js'
import { notifyLine } from '../../../keepalived/vrrp/notify-lines.js'
import { type NotifyMail, notifyMail } from '../../../keepalived/vrrp/notify-mail.js'
import { notifyScripts } from '../../../keepalived/vrrp/notify-scripts.js'
import type { VrrpRouter } from '../../../keepalived/vrrp/router.js'
import type { RouterSettings } from '../../../keepalived/vrrp/settings.js'
import type { Told, VrrpHost } from '../../../keepalived/vrrp-host/vrrp-host.js'

/** What speaks: a VrrpHost. */
export type Speaker = Pick<VrrpHost, 'start' | 'reload' | 'stop' | 'setScript' | 'setFile' | 'setProcess' | 'router'>

export interface DirectorVrrpOf {
  readonly tell: (line: string) => void
  /** Told of each transition, in a line. */
  readonly happened: (text: string) => void
  readonly runScript: (script: Script) => void
  /** A line for notify FIFOs. */
  readonly writeFifo: (line: string) => void
  readonly mail: (mail: NotifyMail) => void
  /** Addresses have come or gone. */
  readonly moved: () => void
  /** The number in a tracked file. */
  readonly fileValue: (name: string) => number
  readonly speaker: (settings: RouterSettings, tell: (told: Told) => void) => Speaker
}

/** The virtual routers of a keepalived.conf: spoken beside the kernel, their scripts, processes and files followed, their transitions told. */
export class DirectorVrrp {
  readonly #of: DirectorVrrpOf
  #config: KeepalivedConfig
  /** During a reload: the configuration before. */
  #before: KeepalivedConfig | undefined
  #speaker: Speaker | undefined
  #scripts = new Map<string, { readonly about: string; readonly running: TrackScript }>()
  readonly #processes = new ProcessWatch((name, isGood) => {
    this.#of.tell(`Quorum ${isGood ? 'gained' : 'lost'} for tracked process ${name}`)
    this.#speaker?.setProcess(name, isGood)
  })

  constructor(of: DirectorVrrpOf, config: KeepalivedConfig) {
    this.#of = of
    this.#config = config
  }

  /** SystemError where sockets may not be opened. Without an instance nothing is spoken. */
  start(): void {
    const settings = routerSettingsFrom(this.#config)
    if (settings.instances.length === 0) return
    this.#speaker = this.#of.speaker(settings, told => this.#take(told))
    this.#tellFiles()
    this.#followScripts(settings)
    this.#followProcesses(settings)
    this.#speaker.start()
  }

  /** Instances that are found again keep their state, and scripts their result. */
  reload(config: KeepalivedConfig): void {
    this.#before = this.#config
    this.#config = config
    if (this.#speaker) {
      const settings = routerSettingsFrom(config)
      this.#tellFiles()
      this.#followScripts(settings)
      this.#followProcesses(settings)
      this.#speaker.reload(settings)
    } else this.start()
    this.#before = undefined
  }

  /** What speaks; undefined: nothing does. */
  get router(): VrrpRouter | undefined {
    return this.#speaker?.router
  }
  /** Of the scripts that instances follow. */
  get scripts(): ScriptStatus[] {
    return [...this.#scripts.values()].map(({ running }) => running.status)
  }

  fileChanged(name: string, value: number): void {
    this.#speaker?.setFile(name, value)
  }

  /** Masters say good-bye, and their addresses go; `notify_stop` is begun. */
  close(): void {
    for (const { running } of this.#scripts.values()) running.close()
    this.#scripts.clear()
    this.#processes.close()
    this.#speaker?.stop()
    this.#speaker = undefined
  }

  #take(told: Told): void {
    if (told.kind === 'log') return this.#of.tell(told.text)
    if (told.kind === 'transition') {
      const { instance, from, to, priority, reason } = told
      this.#of.happened(`${instance}: ${from} to ${to}, priority ${priority}: ${reason}`)
      return this.#of.tell(`(${instance}) ${from} to ${to}, priority ${priority}: ${reason}`)
    }
    const line = notifyLine(told, this.#config, this.#before)
    if (line !== undefined) this.#of.writeFifo(line)
    if (told.kind === 'priority') return
    for (const script of notifyScripts(told, this.#config, this.#before)) this.#of.runScript(script)
    const mail = notifyMail(told, this.#config, this.#before)
    if (mail) this.#of.mail(mail)
    // Behind the addresses of a transition, which come before its notification.
    this.#of.moved()
  }

  #tellFiles(): void {
    for (const { name } of this.#config.trackFiles) this.#speaker?.setFile(name, this.#of.fileValue(name))
  }

  /** Those that an instance follows run, and no others; one that is as it was goes on. */
  #followScripts({ instances }: RouterSettings): void {
    const followed = new Set(instances.flatMap(({ tracked }) => tracked.scripts.map(({ name }) => name)))
    const { scripts, global } = this.#config
    const before = this.#scripts
    this.#scripts = new Map()
    for (const script of scripts.filter(({ name }) => followed.has(name))) {
      const about = JSON.stringify([script, global.scriptUser, global.scriptGroup])
      const same = before.get(script.name)
      if (same?.about === about) {
        this.#scripts.set(script.name, same)
        before.delete(script.name)
      } else this.#scripts.set(script.name, { about, running: this.#run(script, same === undefined) })
    }
    for (const { running } of before.values()) running.close()
  }

  #followProcesses({ instances }: RouterSettings): void {
    const followed = new Set(instances.flatMap(({ tracked }) => tracked.processes.map(({ name }) => name)))
    this.#processes.follow(this.#config.trackProcesses.filter(({ name }) => followed.has(name)))
  }

  #run(script: VrrpScript, isNew: boolean): TrackScript {
    if (script.initFail && isNew) this.#speaker?.setScript(script.name, false)
    const listener = {
      changed: (name: string, isGood: boolean): void => this.#speaker?.setScript(name, isGood),
      log: this.#of.tell,
    }
    const { scriptUser, scriptGroup } = this.#config.global
    return new TrackScript(script, listener, scriptUser, scriptGroup)
  }
}
