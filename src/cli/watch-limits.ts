/** Limits of --watch in seconds, and of what else is shown again and again. */
export const WATCH_LEAST = 0.1
export const WATCH_MOST = 3600
