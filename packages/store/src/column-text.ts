import type { StoreBatch } from './ledger-store.ts'

/** Stands in front of what text columns cannot hold: a code point that no miner has reason to send. */
const ESCAPE = '\u{10ffff}'

/** Names of miners may have a zero byte, which PostgreSQL's text cannot hold: another text for each name, the same for nearly all. */
export function columnText(name: string): string {
  return name.replaceAll(ESCAPE, `${ESCAPE}1`).replaceAll('\0', `${ESCAPE}0`)
}

/** The name that a column's text stands for. */
export function nameOfColumn(text: string): string {
  return text.replaceAll(`${ESCAPE}0`, '\0').replaceAll(`${ESCAPE}1`, ESCAPE)
}

/** A batch whose names columns can hold. */
export function columnBatch(batch: StoreBatch): StoreBatch {
  return {
    ...batch,
    accounts: batch.accounts.map(({ key, name }) => ({ key: columnText(key), name: columnText(name) })),
    blocks: batch.blocks.map((block) => ({
      ...block,
      finder: block.finder === undefined ? undefined : columnText(block.finder),
      worker: columnText(block.worker),
      parts: block.parts.map((part) => ({ ...part, account: columnText(part.account) })),
    })),
    balances: batch.balances?.map(([account, value]) => [columnText(account), value] as const),
    work: batch.work.map((one) => ({
      ...one,
      account: columnText(one.account),
      worker: columnText(one.worker),
    })),
  }
}
