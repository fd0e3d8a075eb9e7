/** The lowest local port of FULLNAT. Ports below it are left to services, as in DPVS. */
export const FIRST_LOCAL_PORT = 5536
