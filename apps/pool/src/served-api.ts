import {
  BooksWatch,
  bookPayment,
  type ServedApi,
  type SignedAddress,
  setAccountAddress,
  toldLedger,
} from '@sv2/app-kit'
import type { Books } from './books.ts'
import type { PoolConfig } from './config.ts'

/** What the API of a pool is made from. */
export function servedApi(
  config: PoolConfig,
  books: Books | undefined,
  from: Required<Pick<ServedApi, 'coinbase'>> & { readonly now: () => number },
): ServedApi {
  const watch = books && new BooksWatch(books)
  return {
    config: config.api,
    notices: config.notices,
    folders: [config.data_dir, ...(books === undefined ? [] : [books.journal.folder])],
    conditions: watch && (() => watch.conditions()),
    role: 'pool',
    network: config.network,
    isFarm: false,
    coinbase: from.coinbase,
    ledger: books?.ledger && toldLedger(books.ledger),
    audit: books?.audit,
    ...moneyPages(books, config, from.now),
  }
}

/** What the API may write into the books; nothing where there is no ledger. */
function moneyPages(books: Books | undefined, { network, payout }: PoolConfig, now: () => number) {
  const { ledger, journal } = books ?? {}
  if (ledger === undefined || journal === undefined) return {}
  return {
    bookPayment: (transaction: Uint8Array) => bookPayment(transaction, { ledger, journal, network }),
    setAddress: payout.names
      ? (signed: SignedAddress) => setAccountAddress(signed, { ledger, journal, network, now })
      : undefined,
  }
}
