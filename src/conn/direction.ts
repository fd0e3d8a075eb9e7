/** Where a packet of a connection goes: inbound, client → director → real server, or outbound, the way back. */
export const Direction = { INBOUND: 0, OUTBOUND: 1 } as const
export type Direction = (typeof Direction)[keyof typeof Direction]
export const DIRECTIONS = [Direction.INBOUND, Direction.OUTBOUND] as const
