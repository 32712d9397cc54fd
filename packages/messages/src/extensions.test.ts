import { describe, expect, test } from 'vitest'
import { answerRequestExtensions, mayGoOn, readExtensionsAnswer } from './index.ts'

const policy = (supported: number[], required: number[] = []) => ({
  supported: new Set(supported),
  required: new Set(required),
})
const request = (requestedExtensions: number[]) =>
  ({ type: 'RequestExtensions', requestId: 7, requestedExtensions }) as const
const success = (supportedExtensions: number[]) =>
  ({ type: 'RequestExtensions.Success', requestId: 7, supportedExtensions }) as const
const error = (unsupportedExtensions: number[], requiredExtensions: number[] = []) =>
  ({ type: 'RequestExtensions.Error', requestId: 7, unsupportedExtensions, requiredExtensions }) as const

describe('a server', () => {
  test('confirms the supported ones of what was asked for', () => {
    expect(answerRequestExtensions(request([2, 3, 2]), policy([2, 4]))).toEqual(success([2]))
    expect(answerRequestExtensions(request([]), policy([2]))).toEqual(success([]))
  })

  test('EXT-17 (current): answers with an Error when it supports none', () => {
    expect(answerRequestExtensions(request([3, 4]), policy([2]))).toEqual(error([3, 4]))
  })

  test('finds what it knows among 32,000 ids, and tells few of the others', () => {
    const ids = Array.from({ length: 32_000 }, (_, n) => 100 + n)
    expect(answerRequestExtensions(request([...ids, 2]), policy([2]))).toEqual(success([2]))
    expect(answerRequestExtensions(request(ids), policy([2]))).toEqual(error(ids.slice(0, 64)))
  })

  test('EXT-18 (current): lists in the Error what it requires and was not asked for', () => {
    expect(answerRequestExtensions(request([3]), policy([2, 5], [2, 5]))).toEqual(error([3], [2, 5]))
    expect(answerRequestExtensions(request([2]), policy([2, 5], [2, 5]))).toEqual(error([], [5]))
    expect(answerRequestExtensions(request([2, 5]), policy([2, 5], [2, 5]))).toEqual(success([2, 5]))
  })

  test('EXT-19 (current): lets nobody go on without what it requires', () => {
    expect(mayGoOn(policy([2], [2]), undefined)).toBe(false)
    expect(mayGoOn(policy([2, 3], [2]), [3])).toBe(false)
    expect(mayGoOn(policy([2], [2]), [2])).toBe(true)
    expect(mayGoOn(policy([2]), undefined)).toBe(true)
  })
})

describe('a client', () => {
  const available = new Set([2, 5])

  test('EXT-15 (current): uses what was confirmed, and nothing it did not ask for', () => {
    expect(readExtensionsAnswer(request([2, 5]), success([2]), available)).toEqual({
      kind: 'negotiated',
      extensions: [2],
    })
    expect(readExtensionsAnswer(request([2]), success([2, 9]), available)).toEqual({
      kind: 'negotiated',
      extensions: [2],
    })
  })

  test('asks again with what the server requires, if it has that', () => {
    expect(readExtensionsAnswer(request([2, 3]), error([3], [5]), available)).toEqual({
      kind: 'retry',
      extensions: [2, 5],
    })
    expect(readExtensionsAnswer(request([2]), error([], [9]), available)).toEqual({
      kind: 'incompatible',
      requiredExtensions: [9],
    })
  })

  test('does not ask twice for what was refused', () => {
    expect(readExtensionsAnswer(request([5]), error([], [5]), available)).toEqual({
      kind: 'incompatible',
      requiredExtensions: [5],
    })
  })

  test('EXT-21 (current): goes on without extensions after an Error that requires none', () => {
    expect(readExtensionsAnswer(request([2]), error([2]), available)).toEqual({ kind: 'without' })
  })
})
