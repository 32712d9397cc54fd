import { cutEveryLink } from './network-cuts.ts'

cutEveryLink(10_000, 'current')
cutEveryLink(10_000, 'draft')
