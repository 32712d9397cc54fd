/** The two halves of a user name: who is paid, and which machine it is. Either may be empty. */
export interface UserName {
  readonly account: string
  readonly worker: string
}

/** How user names are read. */
export interface UserNameRules {
  /** The characters that may end the account; the first one in the name does. */
  readonly separators?: string
  /** Whether a text is an address; when everything is an account, leave it out. */
  readonly isAddress?: (text: string) => boolean
}

const UPPER_BECH32 = /^(BC|TB|BCRT)1[0-9A-Z]+$/

/**
 * Splits `account.worker` at the first separator. Some firmware writes specials as `%xx`: a name whose account is no
 * address is read with those replaced. An address of capitals (as QR codes have them) comes back in lower case.
 */
export function readUserName(
  text: string,
  { separators = '.', isAddress = () => false }: UserNameRules = {},
): UserName {
  const plain = split(text, separators)
  if (!text.includes('%') || isAddress(plain.account)) return plain
  return split(percentDecoded(text), separators)
}

function split(text: string, separators: string): UserName {
  let end = 0
  while (end < text.length && !separators.includes(text.charAt(end))) end++
  const account = text.slice(0, end)
  return {
    account: UPPER_BECH32.test(account) ? account.toLowerCase() : account,
    worker: text.slice(end + 1),
  }
}

/** Text with its `%xx` replaced, or the text itself when they spell no UTF-8. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
