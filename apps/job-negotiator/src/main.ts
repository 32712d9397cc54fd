#!/usr/bin/env node
import { runApps } from '@sv2/runtime'
import { negotiatorServer } from './server/app.ts'

await runApps(
  {
    name: 'job-negotiator',
    description: 'Stratum V2 job negotiation: miners choose the transactions of their jobs',
    version: '0.0.0',
  },
  { server: negotiatorServer },
)
