import type { Outcome } from '../../src/control/protocol/api.js'

/** Seconds that a connection's expiry may be off: the rig's clock was a real one. */
const EXPIRY_TOLERANCE = 1

const CONNECTIONS_TITLE = 'pro expire '
/** A row of `ipvsadm -Lcn`: protocol, expiry in minutes and seconds with the blanks after it, and all the rest. */
const CONNECTION_ROW = /^([A-Z0-9]+ +)((\d+):(\d\d) +)(.*)$/

const NO_NEWLINE = '\n'

/** What differs between what commands printed and what was recorded. */
export function compareOutcome(expected: Outcome, actual: Outcome): string[] {
  const status = expected.status === actual.status ? [] : [`status: expected ${expected.status}, got ${actual.status}`]
  const out = compareText(expected.out, actual.out).map(line => `output: ${line}`)
  const err = compareText(expected.err, actual.err).map(line => `standard error: ${line}`)
  return [...status, ...out, ...err]
}

/** What differs between two texts, line by line, to the character; rows of connections are compared as a set. */
export function compareText(expected: string, actual: string): string[] {
  const [want, got] = [splitConnections(expected), splitConnections(actual)]
  return [...compareLines(want.lines, got.lines), ...compareRows(want.rows, got.rows)]
}

/** Lines as they are, and the connections among them: row without its expiry → the expiries, in seconds. */
interface Listing {
  lines: string[]
  rows: Map<string, number[]>
}

/** Connections are the rows right after their title; what looks like one elsewhere is text like any other. */
function splitConnections(text: string): Listing {
  const listing: Listing = { lines: [], rows: new Map() }
  let listed = false
  for (const line of linesOf(text)) {
    const row: string[] | null = listed ? CONNECTION_ROW.exec(line) : null
    if (row) addRow(listing.rows, row)
    else listing.lines.push(line)
    listed = row !== null || line.startsWith(CONNECTIONS_TITLE)
  }
  return listing
}

/** Without what is behind the last newline, if that is nothing; else with a mark that no line can be. */
function linesOf(text: string): string[] {
  const lines = text.split('\n')
  return lines.at(-1) === '' ? lines.slice(0, -1) : [...lines, NO_NEWLINE]
}

function addRow(rows: Map<string, number[]>, row: string[]): void {
  const [, before = '', expiry = '', minutes = '', seconds = '', after = ''] = row
  // As wide as the expiry and its blanks were: 100:00 and 99:59 take the same column.
  const key = before + '--:--'.padEnd(expiry.length) + after
  rows.set(key, [...(rows.get(key) ?? []), Number(minutes) * 60 + Number(seconds)])
}

function compareLines(expected: string[], actual: string[]): string[] {
  const differences: string[] = []
  for (let at = 0; at < Math.max(expected.length, actual.length); at++) {
    if (expected[at] === actual[at]) continue
    differences.push(`line ${at + 1}: expected ${quoted(expected[at])}, got ${quoted(actual[at])}`)
  }
  return differences
}

function compareRows(expected: Map<string, number[]>, actual: Map<string, number[]>): string[] {
  const keys = [...new Set([...expected.keys(), ...actual.keys()])].sort()
  return keys.flatMap(key => compareExpiries(key, expected.get(key) ?? [], actual.get(key) ?? []))
}

function compareExpiries(row: string, expected: number[], actual: number[]): string[] {
  if (expected.length !== actual.length) return [`connection ${row}: expected ${expected.length}, got ${actual.length}`]
  const [want, got] = [expected, actual].map(expiries => expiries.toSorted((a, b) => a - b)) as [number[], number[]]
  const near = want.every((seconds, index) => Math.abs(seconds - got[index]!) <= EXPIRY_TOLERANCE)
  return near ? [] : [`connection ${row}: expected to expire in ${want.join(', ')} s, got ${got.join(', ')} s`]
}

function quoted(line: string | undefined): string {
  if (line === NO_NEWLINE) return 'no newline at the end'
  return line === undefined ? 'no line' : `'${line}'`
}
