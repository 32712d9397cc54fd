import { restartEveryPart } from './restarts.ts'

restartEveryPart('current')
