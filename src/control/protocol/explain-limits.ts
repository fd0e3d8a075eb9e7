/** The most packets that one watch explains. */
export const MOST_EXPLAINED = 100

/** Characters. */
export const LONGEST_FILTER = 1024
