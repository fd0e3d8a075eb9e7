import type { LabMode } from '../native-free/lab-plan.js'

/**
 * Why the director counts fewer connections than the client opened: with direct routing and tunnels it sees no server's FIN,
 * so a connection closed by its client stays in FIN_WAIT; when the client uses the same port again, its SYN
 * continues that connection, unless conn_reuse_mode includes 2 (ipvs-behaviour.md §6.3). Undefined if the counts agree.
 */
export function countedLine(mode: LabMode, begun: number, counted: number): string | undefined {
  if ((mode !== 'dr' && mode !== 'tun') || counted >= begun) return undefined
  return (
    `(In all the client began ${begun} connections, the director counts ${counted}: ${begun - counted} came from a port whose connection ` +
    'was still in FIN_WAIT, as the server’s FIN does not pass the director, and continued that one; with conn_reuse_mode 3 they count.)'
  )
}
