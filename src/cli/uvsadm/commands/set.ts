import { change } from '../command.js'
import { CommandLineError } from '../failure.js'
import { readTimeout } from '../options/timeout.js'
import { given } from '../options/targets.js'

export const set = change<'set-timeouts'>({
  name: 'set',
  flags: ['--set'],
  usage: '--set tcp tcpfin udp',
  help: 'set the timeouts of connections, seconds; 0 leaves one as it is',
  needs: [],
  takes: [],
  readWords(words, options) {
    const [tcp, tcpfin, udp] = words.splice(0, 3)
    if (tcp === undefined || tcpfin === undefined || udp === undefined)
      throw new CommandLineError('--set option requires 3 timeout values')
    options.timeouts = { tcp: readTimeout(tcp, 0), tcpfin: readTimeout(tcpfin, 0), udp: readTimeout(udp, 0) }
  },
  parse: options => ({ op: 'set-timeouts', timeouts: given(options.timeouts) }),
  refusals: {},
})
