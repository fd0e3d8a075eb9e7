import type { Command } from '../command.js'
import { RefusedByDirector } from '../failure.js'
import { readSyncRole } from './start-daemon.js'

export const stopDaemon: Command<object> = {
  name: 'stop-daemon',
  flags: ['--stop-daemon'],
  value: 'master|backup',
  usage: '--stop-daemon master|backup',
  help: 'stop synchronising connections: none ever does',
  needs: [],
  takes: ['syncid'],
  readValue: text => readSyncRole(text, 'illegal start_daemon specified'),
  parse: () => ({}),
  async run() {
    throw new RefusedByDirector('No daemon is running')
  },
}
