import { clientAddressLab } from './client-address.js'

await clientAddressLab('raw')
