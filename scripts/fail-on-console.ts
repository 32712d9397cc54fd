import { format } from 'node:util'
import { afterEach, beforeEach } from 'vitest'

const methods = ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const
const original = Object.fromEntries(methods.map((method) => [method, console[method]]))
let printed: string[] = []

// What a test prints is read by no person, and hides output that matters. One that expects output puts a mock in place
// of the console method (`vi.spyOn(console, 'warn').mockImplementation(…)`) and checks it.
beforeEach(() => {
  printed = []
  for (const method of methods) {
    console[method] = (...values: unknown[]) => void printed.push(`console.${method}: ${format(...values)}`)
  }
})

afterEach(() => {
  Object.assign(console, original)
  if (printed.length > 0) throw new Error(`the test printed\n${printed.join('\n')}`)
})
