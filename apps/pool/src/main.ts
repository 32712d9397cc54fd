#!/usr/bin/env node
import { runApp } from '@sv2/app-kit'
import { pool } from './app.ts'

await runApp(pool)
