/** Local ports of FULLNAT: below them is what DPVS, too, leaves to services. */
export const FIRST_LOCAL_PORT = 5536
