import { clientAddressLab } from './client-address.js'

await clientAddressLab('tap')
