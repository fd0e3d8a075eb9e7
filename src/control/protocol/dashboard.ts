import { takes } from './shape.js'

/** A login to the dashboard: its code opens one session, soon. */
export interface DashboardLogin {
  /** The dashboard's address, the code in its fragment, which browsers send to nobody. */
  url: string
  code: string
  /** How long the code is good for. */
  seconds: number
  /** As whom a change is told. */
  who: string
}

export const dashboard = {
  /** Of the client of the control socket who asks (`--http-admin socket`). */
  'dashboard-login': takes({}).returns<DashboardLogin>(),
}
