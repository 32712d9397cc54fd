const UNITS = ['', 'k', 'M', 'G', 'T', 'P', 'E'] as const

/** A number with an SI prefix, three digits: `1.23 MH/s`. */
export function withUnit(value: number, unit: string): string {
  let at = 0
  let scaled = value
  while (scaled >= 1000 && at < UNITS.length - 1) {
    scaled /= 1000
    at++
  }
  return `${scaled.toPrecision(3)} ${UNITS[at]}${unit}`
}
