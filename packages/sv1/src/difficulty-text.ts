/**
 * A difficulty as V1 devices read it: digits, and a fraction when there is one, never an exponent.
 * @throws {RangeError} unless it is finite and above 0.
 */
export function difficultyText(difficulty: number): string {
  if (!Number.isFinite(difficulty) || difficulty <= 0) throw new RangeError(`no difficulty: ${difficulty}`)
  if (Number.isInteger(difficulty))
    return difficulty < 1e21 ? String(difficulty) : BigInt(difficulty).toString()
  const [mantissa = '', exponent] = String(difficulty).split('e')
  // only numbers below 1e-6 print with an exponent here, and it is negative
  return exponent === undefined
    ? mantissa
    : `0.${'0'.repeat(-Number(exponent) - 1)}${mantissa.replace('.', '')}`
}
