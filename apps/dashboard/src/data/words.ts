const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E', 'Z']

/** A number with three digits and a prefix: `1.25 M`. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '–'
  let rest = Math.abs(value)
  if (rest > 0 && rest < 0.01) return value.toExponential(2)
  let place = 0
  while (rest >= 999.5 && place < PREFIXES.length - 1) {
    rest /= 1000
    place++
  }
  const digits =
    rest === 0 || (place === 0 && Number.isInteger(rest)) ? 0 : rest < 10 ? 2 : rest < 100 ? 1 : 0
  return `${value < 0 ? '−' : ''}${rest.toFixed(digits)}${place === 0 ? '' : ` ${PREFIXES[place]}`}`
}

/** A hash rate: `1.25 TH/s`. */
export function hashrate(hps: number): string {
  const text = short(hps)
  return text.includes(' ') ? `${text}H/s` : `${text} H/s`
}

/** How long: `3 min`, `2 h 5 min`, `4 d`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 90) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 90) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
  const days = Math.round(hours / 24)
  return days < 730 ? `${days} d` : `${short(Math.round(days / 365))} years`
}

/** How long ago. */
export function ago(at: number | null, now: number): string {
  return at === null ? 'never' : `${duration(now - at)} ago`
}

/** Satoshi as bitcoin, with eight digits. */
export function bitcoin(sat: number): string {
  const whole = Math.abs(sat)
  return `${sat < 0 ? '−' : ''}${Math.floor(whole / 1e8)}.${String(whole % 1e8).padStart(8, '0')} BTC`
}

/** The part of shares that was refused: `0.4 %`. */
export function refusedPart({
  accepted,
  refused,
}: {
  readonly accepted: number
  readonly refused: number
}): string {
  const all = accepted + refused
  return all === 0 ? '0 %' : `${((refused * 100) / all).toFixed(refused === 0 ? 0 : 1)} %`
}

/** A date and time of this place. */
export function moment(at: number): string {
  return new Date(at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })
}

/** A hash with its middle left out. */
export function brief(hash: string): string {
  return hash.length <= 20 ? hash : `${hash.slice(0, 8)}…${hash.slice(-8)}`
}
