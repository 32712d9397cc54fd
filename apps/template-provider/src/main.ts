#!/usr/bin/env node
import { runApp } from '@sv2/app-kit'
import { templateProvider } from './app.ts'

await runApp(templateProvider)
