import { fullnatLab } from './fullnat.js'

await fullnatLab('tap')
