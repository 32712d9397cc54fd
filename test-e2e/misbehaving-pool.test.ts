import { misbehave } from './misbehaving-pool.ts'

/** One of each kind; `npm run test:slow` has the others. */
misbehave([
  'refuses declarations',
  'refuses the shares of jobs that it agreed to',
  'does not answer custom jobs',
])
