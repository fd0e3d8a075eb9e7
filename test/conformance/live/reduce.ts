/**
 * As few of the items, in order, as still show it: ever smaller runs of them are left out while it shows without them.
 * Of the answer none can be left out alone, unless there were no tries left. `shows` is not asked about all of them.
 */
export async function reduce<T>(items: T[], shows: (fewer: T[]) => Promise<boolean>, tries: number): Promise<T[]> {
  let rest = items
  let left = tries
  for (let len = Math.ceil(items.length / 2); len >= 1 && left > 0;) {
    let isFewer = false
    for (let at = 0; at < rest.length && left > 0;) {
      const fewer = rest.toSpliced(at, len)
      left--
      if (fewer.length > 0 && (await shows(fewer))) {
        rest = fewer
        isFewer = true
      } else at += len
    }
    if (len > 1) len = Math.ceil(len / 2)
    else if (!isFewer) break
  }
  return rest
}
