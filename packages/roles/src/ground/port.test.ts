import { expect, test } from 'vitest'
import { portName } from './port.ts'

test.each([
  [{ kind: 'miners' }, 'miners'],
  [{ kind: 'upstream', index: 0 }, 'upstream 0'],
  [{ kind: 'pool', index: 12 }, 'pool 12'],
])('%o is %s in the log', (port, name) => {
  expect(portName(port)).toBe(name)
})
