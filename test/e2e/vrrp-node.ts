import { readFileSync } from 'node:fs'
import { routerSettingsFrom } from '../../src/keepalived/vrrp/from-config.js'
import { VrrpHost } from '../../src/keepalived/vrrp-host/vrrp-host.js'
import { configOf } from '../keepalived/vrrp/recording.js'

/* vrrp-node.js FILE: speaks the virtual routers of a configuration until TERM; HUP reads it anew. Prints each transition, with the wall clock. */

const [, , file = ''] = process.argv
const say = (text: string): void => void process.stdout.write(`${Date.now()} ${text}\n`)
const settings = (): ReturnType<typeof routerSettingsFrom> => routerSettingsFrom(configOf(readFileSync(file, 'utf8')))

const host = new VrrpHost(settings(), told => {
  if (told.kind === 'transition') say(`${told.instance} ${told.to}: ${told.reason}`)
  if (told.kind === 'log') say(told.text)
})
host.start()
process.on('SIGHUP', () => host.reload(settings()))
process.on('SIGTERM', () => {
  host.stop()
  const counts = host.router.instances.flatMap(({ status }) => Object.entries(status.refusals))
  say(`refused: ${counts.filter(([, count]) => count > 0).join(' ')}`)
})
