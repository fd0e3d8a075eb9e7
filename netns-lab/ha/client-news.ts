/** A request. Times in ms since 1970. */
export interface Asked {
  kind: 'asked'
  /** The virtual address. */
  at: string
  atMs: number
  tookMs: number
  /** The real server that answered, by name. */
  by?: string
  /** Why nobody did. */
  error?: string
}

/** A download that began. */
export interface Download {
  kind: 'download'
  begunMs: number
  endMs: number
  octets: number
  /** Why it ended too soon. */
  error?: string
}

/** The lines of ha-client.ts; a last one that is not whole yet is left out. */
export function clientNews(lines: readonly string[]): (Asked | Download)[] {
  return lines.flatMap(line =>
    line.startsWith('{') && line.endsWith('}') ? [JSON.parse(line) as Asked | Download] : [],
  )
}
