#!/usr/bin/env node
import { runApp } from '@sv2/app-kit'
import { miningProxy } from './app.ts'

await runApp(miningProxy)
