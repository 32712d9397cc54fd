#!/usr/bin/env node
import { runApp } from '@sv2/runtime'
import { miningDevice } from './app.ts'

await runApp(miningDevice)
