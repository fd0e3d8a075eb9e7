const TEXTS: Readonly<Record<string, string>> = {
  inbound: 'by client and virtual service',
  outbound: 'by real server and client',
  fullnat: 'by real server and local address',
  'quoted-inbound': 'by the quoted packet, from the virtual service',
  'quoted-outbound': 'by the quoted packet, to the real server',
  'quoted-fullnat': 'by the quoted packet, from a local address',
}

/** How a connection was looked up (`by` of the step), in words. */
export const lookUpText = (by: string): string => `looked up ${TEXTS[by] ?? by}`
