import type { timeouts as shapes } from '../protocol/timeouts.js'
import type { OperationsOf } from './operation.js'

export const timeouts = {
  timeouts: {
    workers: 'first',
    run: ({ conns }) => conns.timeouts.get(),
  },
  'set-timeouts': {
    run({ conns }, { timeouts: { tcp, tcpfin, udp } }) {
      conns.timeouts.set(tcp, tcpfin, udp)
      return null
    },
  },
} satisfies OperationsOf<keyof typeof shapes>
