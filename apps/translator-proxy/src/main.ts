#!/usr/bin/env node
import { runApp } from '@sv2/runtime'
import { translatorProxy } from './app.ts'

await runApp(translatorProxy)
