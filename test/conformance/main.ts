/* npm run conformance -- [DIR|FILE…]: plays what the real kernel did on the director and compares every octet. */
import { conformance } from './conformance.js'
import { OWN_CASES } from './files.js'

const paths = process.argv.slice(2)
const all = await conformance(paths.length > 0 ? paths : OWN_CASES, line => process.stdout.write(`${line}\n`))
process.exitCode = all ? 0 : 1
