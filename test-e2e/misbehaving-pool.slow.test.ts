import { misbehave } from './misbehaving-pool.ts'

misbehave(['refuses custom jobs', 'does not answer declarations', 'gives no tokens'])
