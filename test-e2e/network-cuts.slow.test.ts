import { cutEveryLink } from './network-cuts.ts'

cutEveryLink(10_000)
