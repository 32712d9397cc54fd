#!/usr/bin/env node
import { runApp } from '@sv2/runtime'
import { pool } from './app.ts'

await runApp(pool)
