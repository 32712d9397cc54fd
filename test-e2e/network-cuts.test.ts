import { cutEveryLink } from './network-cuts.ts'

/** Long enough that every side notices and dials in vain; `npm run test:slow` cuts for ten seconds. */
cutEveryLink(2_000, 'current')
