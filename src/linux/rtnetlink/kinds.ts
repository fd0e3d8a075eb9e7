import { AF_INET, AF_UNSPEC } from '../socket-constants.js'
import { ADDRESS_BODY_LEN, readAddress, type HostAddress } from './address.js'
import type { Attributes } from './attributes.js'
import { LINK_BODY_LEN, readLink, WITHOUT_COUNTERS, type HostLink } from './link.js'
import { NEIGHBOUR_BODY_LEN, readNeighbour, type HostNeighbour } from './neighbour.js'
import { NEXT_HOP_BODY_LEN, readNextHop, type NextHopObject } from './next-hop.js'
import { readRoute, ROUTE_BODY_LEN, type HostRoute } from './route.js'
import { readRule, RULE_BODY_LEN, type HostRule } from './rule.js'

/** A sort of object that the kernel has, tells news of, and lists; its numbers. */
export interface KindNumbers {
  /** Its bit in a set of kinds. */
  readonly bit: number
  /** The type of "there is this one"; the next two are "there is no more" and "which are there?" (RTM_NEW…, DEL…, GET…). */
  readonly type: number
  /** The multicast group that its news go to (linux/rtnetlink.h, RTNLGRP_…). */
  readonly group: number
  readonly family: number
  readonly bodyLen: number
  /** What is asked besides. */
  readonly attributes: readonly (readonly [number, number])[]
}

/** The same, and how its messages are read. */
export interface Kind<T> extends KindNumbers {
  /** The object of a message; undefined if the message is of none. */
  readonly read: (view: DataView<ArrayBufferLike>, body: number, end: number, attributes: Attributes) => T | undefined
}

export const LINKS: Kind<HostLink> = {
  bit: 1,
  type: 16,
  group: 1,
  family: AF_UNSPEC,
  bodyLen: LINK_BODY_LEN,
  attributes: [WITHOUT_COUNTERS],
  read: readLink,
}
export const ADDRESSES: Kind<HostAddress> = {
  bit: 2,
  type: 20,
  group: 5,
  family: AF_INET,
  bodyLen: ADDRESS_BODY_LEN,
  attributes: [],
  read: readAddress,
}
export const ROUTES: Kind<HostRoute> = {
  bit: 4,
  type: 24,
  group: 7,
  family: AF_INET,
  bodyLen: ROUTE_BODY_LEN,
  attributes: [],
  read: readRoute,
}
export const RULES: Kind<HostRule> = {
  bit: 8,
  type: 32,
  group: 8,
  family: AF_INET,
  bodyLen: RULE_BODY_LEN,
  attributes: [],
  read: readRule,
}
/** Linux 5.3. */
export const NEXT_HOPS: Kind<NextHopObject> = {
  bit: 16,
  type: 104,
  group: 32,
  family: AF_UNSPEC,
  bodyLen: NEXT_HOP_BODY_LEN,
  attributes: [],
  read: readNextHop,
}
export const NEIGHBOURS: Kind<HostNeighbour> = {
  bit: 32,
  type: 28,
  group: 3,
  family: AF_INET,
  bodyLen: NEIGHBOUR_BODY_LEN,
  attributes: [],
  read: readNeighbour,
}

/** "There is this one", "there is no more", "which are there?" */
export const added = ({ type }: KindNumbers): number => type
export const removed = ({ type }: KindNumbers): number => type + 1
export const asked = ({ type }: KindNumbers): number => type + 2
