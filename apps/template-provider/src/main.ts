#!/usr/bin/env node
import { runApp } from '@sv2/runtime'
import { templateProvider } from './app.ts'

await runApp(templateProvider)
