import { parseTransaction, txid, unhex } from '@sv2/bitcoin'
import { type LoadedBlock, loadBlock } from './loaded-block.ts'

const GENESIS_COINBASE =
  '01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054696d6573' +
  '2030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f722062616e6b' +
  '73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f355' +
  '04e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000'

/** Unix time of regtest's first block, 2 February 2011. */
export const GENESIS_TIME = 1_296_688_602

/** The first block of regtest, the same as in Bitcoin Core (`kernel/chainparams.cpp`): hash 0f9188f1…1466e2206. */
export function genesisBlock(): LoadedBlock {
  const coinbase = parseTransaction(unhex(GENESIS_COINBASE))
  const header = {
    version: 1,
    prevHash: new Uint8Array(32),
    merkleRoot: txid(coinbase),
    ntime: GENESIS_TIME,
    nbits: 0x207fffff,
    nonce: 2,
  }
  return loadBlock({ header, transactions: [coinbase] })
}
