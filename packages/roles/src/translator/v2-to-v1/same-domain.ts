/** Whether two hosts belong together: the same name or address, or names that end in the same two labels. */
export function sameDomain(a: string, b: string): boolean {
  const [left, right] = [a.toLowerCase(), b.toLowerCase()]
  if (left === right) return true
  if (isAddress(left) || isAddress(right)) return false
  const domain = (host: string): string => host.replace(/\.$/, '').split('.').slice(-2).join('.')
  return left.includes('.') && domain(left) === domain(right)
}

function isAddress(host: string): boolean {
  return host.includes(':') || /^[\d.]+$/.test(host)
}
