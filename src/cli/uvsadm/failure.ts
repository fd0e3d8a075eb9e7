/** The command line is wrong. Statuses are ipvsadm's: 2, or 255 where popt itself gave up. */
export class UsageError extends Error {
  constructor(
    message: string,
    readonly status = 2,
    /** It comes from popt, after the command: -R goes on behind it. */
    readonly isOfPopt = false,
  ) {
    super(message)
  }
}

/** No command stands first. */
export function tryHelp(): never {
  throw new UsageError("Try `uvsadm -h' or 'uvsadm --help' for more information.", 255)
}

/** The director said no. Statuses are ipvsadm's: 255, or 1 for a listing of a service that is not there. */
export class Refused extends Error {
  constructor(
    message: string,
    readonly status = 255,
  ) {
    super(message)
  }
}
