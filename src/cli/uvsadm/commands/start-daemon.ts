import type { Command } from '../command.js'
import { RefusedByDirector, CommandLineError } from '../failure.js'

/** The states of the synchronisation daemon. */
export function readSyncRole(text: string, complaint: string): 'master' | 'backup' {
  if (text !== 'master' && text !== 'backup') throw new CommandLineError(complaint)
  return text
}

/** Checks its arguments as ipvsadm does; there is no synchronisation yet. */
export const startDaemon: Command<object> = {
  name: 'start-daemon',
  flags: ['--start-daemon'],
  value: 'master|backup',
  usage: '--start-daemon master|backup [daemon options]',
  help: 'start synchronising connections: refused, uvs cannot do it yet',
  needs: [],
  takes: ['mcast-interface', 'syncid', 'mcast-group', 'mcast-port', 'mcast-ttl', 'sync-maxlen'],
  readValue: text => readSyncRole(text, 'illegal start-daemon parameter specified'),
  parse: () => ({}),
  async run() {
    throw new RefusedByDirector('--start-daemon: uvs does not synchronise connections yet')
  },
}
