#!/usr/bin/env node
import { runApp } from '@sv2/app-kit'
import { miningDevice } from './app.ts'

await runApp(miningDevice)
