/** Whether the program forwards a flow, or what it waits for. ANEW: it did, and its next packet is decided on since something changed. WATCHED: somebody watches it. */
export const Standing = {
  FORWARDED: 0,
  YOUNG: 1,
  CHANGING: 2,
  NO_WAY: 3,
  NO_ROOM: 4,
  DUE: 5,
  UNFIT: 6,
  ANEW: 7,
  WATCHED: 8,
} as const
export type Standing = (typeof Standing)[keyof typeof Standing]
