import { fullnatLab } from './fullnat.js'

await fullnatLab('raw')
