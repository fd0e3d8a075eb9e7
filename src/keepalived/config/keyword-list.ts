import { TOP_LEVEL } from './keywords/top-level.js'
import type { Table } from './parser.js'

/** A keyword, and the block that knows it. */
export interface ListedKeyword {
  /** `top`, `global_defs`, `vrrp_instance`, …: the block's own keyword. */
  readonly within: string
  readonly name: string
  readonly takes: string
  readonly initial?: string
  readonly unsupported?: string
  /** keepalived does not know it. */
  readonly isOfUvs?: true
}

/** Every keyword of every block, once for each block, outer blocks first. */
export function keywordList(): ListedKeyword[] {
  const found: ListedKeyword[] = []
  const seen = new Set<object>()
  const walk = (within: string, table: Table<never>): void => {
    if (seen.has(table)) return
    seen.add(table)
    const blocks: [string, Table<never>][] = []
    for (const [name, { takes, initial, unsupported, isOfUvs, block }] of Object.entries(table)) {
      found.push({
        within,
        name,
        takes,
        ...(initial !== undefined && { initial }),
        ...(unsupported !== undefined && { unsupported }),
        ...(isOfUvs && { isOfUvs }),
      })
      if (block) blocks.push([name, block])
    }
    for (const [name, block] of blocks) walk(name, block)
  }
  walk('top', TOP_LEVEL)
  return found
}
