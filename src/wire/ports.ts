/** Octets of the source and destination port, with which TCP, UDP and SCTP begin. */
export const PORTS_LEN = 4
