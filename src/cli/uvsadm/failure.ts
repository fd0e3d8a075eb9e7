/** The command line is wrong. Exit statuses are ipvsadm's: 2, or 255 for popt's own errors. */
export class CommandLineError extends Error {
  constructor(
    message: string,
    readonly status = 2,
    /** Whether the error is popt's, after the command: then -R goes on with the next line. */
    readonly isOfPopt = false,
  ) {
    super(message)
  }
}

export const TRY_HELP = "Try `uvsadm -h' or 'uvsadm --help' for more information."

/** The first argument is not a command. */
export function tryHelp(): never {
  throw new CommandLineError(TRY_HELP, 255)
}

/** The director refused. Exit statuses are ipvsadm's: 255, or 1 for a listing of a service that does not exist. */
export class RefusedByDirector extends Error {
  constructor(
    message: string,
    readonly status = 255,
  ) {
    super(message)
  }
}
