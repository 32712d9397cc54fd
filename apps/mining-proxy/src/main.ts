#!/usr/bin/env node
import { runApp } from '@sv2/runtime'
import { miningProxy } from './app.ts'

await runApp(miningProxy)
