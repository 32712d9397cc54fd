import { hex, unhex } from '@sv2/bitcoin'
import type { LedgerSettings, SchemeSettings } from './settings.ts'

/** What of the settings stands in the journal: all that decides who is owed what. */
export type Terms = Omit<LedgerSettings, 'network'>

/** Terms as text: the same terms are always the same text. */
export function writeTerms(terms: Terms): string {
  const { scheme, feePpm, poolScript, dustLimit, maxPayouts, refreshMs, confirmations } = terms
  const { additionalScripts = [] } = terms
  return JSON.stringify({
    scheme: scheme.scheme,
    ...('window' in scheme && { window: scheme.window.toString() }),
    ...('feeBlocks' in scheme && { feeBlocks: scheme.feeBlocks }),
    ...('parts' in scheme && {
      parts: [...scheme.parts]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, part]) => [key, part.toString()]),
    }),
    feePpm: feePpm.toString(),
    poolScript: hex(poolScript),
    ...(additionalScripts.length > 0 && { additionalScripts: additionalScripts.map(hex) }),
    dustLimit,
    maxPayouts,
    refreshMs,
    confirmations,
  })
}

/** @throws {RangeError} when the text is not one that `writeTerms` made */
export function readTerms(text: string): Terms {
  const read = JSON.parse(text) as Record<string, unknown>
  const { dustLimit, maxPayouts, refreshMs, confirmations } = read
  const numbers = [dustLimit, maxPayouts, refreshMs, confirmations]
  if (!numbers.every((value) => typeof value === 'number')) throw new RangeError(`not terms: ${text}`)
  return {
    scheme: readScheme(read),
    feePpm: BigInt(String(read.feePpm)),
    poolScript: unhex(String(read.poolScript)),
    ...(Array.isArray(read.additionalScripts) && {
      additionalScripts: read.additionalScripts.map((script) => unhex(String(script))),
    }),
    dustLimit: Number(dustLimit),
    maxPayouts: Number(maxPayouts),
    refreshMs: Number(refreshMs),
    confirmations: Number(confirmations),
  }
}

function readScheme(read: Record<string, unknown>): SchemeSettings {
  const { scheme } = read
  switch (scheme) {
    case 'solo':
    case 'round':
      return { scheme }
    case 'fpps':
      // terms that name no average are of a time when there was none
      return { scheme, feeBlocks: Number(read.feeBlocks ?? 0) }
    case 'pplns':
    case 'slice':
      return { scheme, window: BigInt(String(read.window)) }
    case 'group': {
      const parts = read.parts as readonly (readonly [string, string])[]
      return { scheme, parts: new Map(parts.map(([key, part]) => [key, BigInt(part)])) }
    }
    default:
      throw new RangeError(`not a scheme: ${String(scheme)}`)
  }
}
