#!/usr/bin/env node
import { runApp } from '@sv2/app-kit'
import { translatorProxy } from './app.ts'

await runApp(translatorProxy)
