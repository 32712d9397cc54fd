import { Transaction as SignerTransaction } from '@scure/btc-signer'
import { type TxOutput, unhex } from '@sv2/bitcoin'
import type { Coin } from './coins.ts'
import { type LoadedTransaction, loadTransactionBytes } from './loaded-transaction.ts'
import type { WalletKey } from './wallet-keys.ts'

/** A coin to spend: its outpoint key, what it holds and the key that unlocks it. */
export type SpendableCoin = { readonly key: string; readonly coin: Coin; readonly owner: WalletKey }

/** Virtual bytes of a transaction that spends `inputs` coins into `outputs` outputs of witness kinds; never too few. */
export function estimatedVsize(inputs: number, outputs: number): number {
  return 11 + inputs * 69 + outputs * 43
}

/** Builds and signs a transaction of version 2 without locks. Signatures are deterministic: same arguments, same bytes. */
export function signTransaction(
  coins: readonly SpendableCoin[],
  outputs: readonly TxOutput[],
): LoadedTransaction {
  const tx = new SignerTransaction({ version: 2, allowUnknownOutputs: true })
  for (const { key, coin, owner } of coins) {
    tx.addInput({
      txid: unhex(key.slice(0, 64)),
      index: Number(key.slice(65)),
      sequence: 0xfffffffd,
      witnessUtxo: { amount: coin.value, script: coin.script },
      ...(owner.internalKey === undefined ? {} : { tapInternalKey: owner.internalKey }),
    })
  }
  for (const { value, script } of outputs) tx.addOutput({ amount: value, script })
  for (const [index, { owner }] of coins.entries()) tx.signIdx(owner.privateKey, index, undefined, NO_AUX)
  tx.finalize()
  return loadTransactionBytes(tx.extract())
}

const NO_AUX = new Uint8Array(32)
