import type { LabMode } from '../native-free/lab-plan.js'

/**
 * Why the director counts fewer connections than the client began: with direct routing and tunnels it sees no FIN of a server,
 * so a connection that its client has closed waits in FIN_WAIT; when the client takes the same port again, its SYN
 * continues that one, unless conn_reuse_mode has 2 (ipvs-behaviour.md §6.3). Undefined where there is nothing to explain.
 */
export function countedLine(mode: LabMode, begun: number, counted: number): string | undefined {
  if ((mode !== 'dr' && mode !== 'tun') || counted >= begun) return undefined
  return (
    `(In all the client began ${begun} connections, the director counts ${counted}: ${begun - counted} came from a port whose connection ` +
    'was still in FIN_WAIT, as the server’s FIN does not pass the director, and continued that one; with conn_reuse_mode 3 they count.)'
  )
}
