/**
 * What the owner of an address signs, so that an account is paid there. Addresses and names are ASCII, without spaces.
 * @param signedAt unix ms
 */
export function payoutMessage(name: string, address: string, signedAt: number): string {
  return `Pay account ${name} to ${address}, signed at ${signedAt}`
}
