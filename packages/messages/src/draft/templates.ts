import { u32 } from '@sv2/codec'
import { declarations } from '../declaration.ts'

const { message } = declarations('templates')

export const coinbaseOutputDataSize = message('CoinbaseOutputDataSize', 0x70, 'to-server', {
  coinbaseOutputMaxAdditionalSize: u32,
})
