/** The command line is wrong. Statuses are ipvsadm's: 2, or 255 where popt itself gave up. */
export class CommandLineError extends Error {
  constructor(
    message: string,
    readonly status = 2,
    /** It comes from popt, after the command: -R goes on behind it. */
    readonly isOfPopt = false,
  ) {
    super(message)
  }
}

export const TRY_HELP = "Try `uvsadm -h' or 'uvsadm --help' for more information."

/** No command stands first. */
export function tryHelp(): never {
  throw new CommandLineError(TRY_HELP, 255)
}

/** The director said no. Statuses are ipvsadm's: 255, or 1 for a listing of a service that is not there. */
export class RefusedByDirector extends Error {
  constructor(
    message: string,
    readonly status = 255,
  ) {
    super(message)
  }
}
