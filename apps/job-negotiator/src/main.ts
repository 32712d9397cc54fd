#!/usr/bin/env node
import { runApps } from '@sv2/app-kit'
import { jobNegotiatorClient } from './client/app.ts'
import { negotiatorServer } from './server/app.ts'

await runApps(
  {
    name: 'job-negotiator',
    description: 'Job negotiator: miners choose their own work, and pools check and pay it',
  },
  { client: jobNegotiatorClient, server: negotiatorServer },
)
