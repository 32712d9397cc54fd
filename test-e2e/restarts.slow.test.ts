import { restartEveryPart } from './restarts.ts'

restartEveryPart('draft')
