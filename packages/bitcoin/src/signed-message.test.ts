import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { base64 } from '@scure/base'
import { p2pkh, p2tr, p2wpkh } from '@scure/btc-signer'
import { pubECDSA, pubSchnorr, taprootTweakPrivKey } from '@scure/btc-signer/utils.js'
import { describe, expect, test } from 'vitest'
import { addressToScript } from './address.ts'
import { concatBytes, hex } from './bytes.ts'
import { sha256d } from './sha256d.ts'
import { messageHash, toSign, toSpendTxid, verifyMessage } from './signed-message.ts'

const utf8 = (text: string) => new TextEncoder().encode(text)
const ADDRESS = 'bc1q9vza2e8x573nczrlzms0wvx3gsqjx7vavgkx0l'
const EMPTY =
  'AkcwRAIgM2gBAQqvZX15ZiysmKmQpDrG83avLIT492QBzLnQIxYCIBaTpOaD20qRlEylyxFSeEA2ba9YOixpX8z46TSDtS40ASECx/EgAxlkQpQ9hYjgGu6EBCPMVPwVIVJqO4XCsMvViHI='
const verify = (message: string, address: string, signature: string) =>
  verifyMessage(message, addressToScript(address, 'mainnet'), signature)

// vectors of BIP 322, and of bip-0322/basic-test-vectors.json beside it
describe('BIP 322', () => {
  test.each([
    [
      '',
      'c90c269c4f8fcbe6880f72a721ddfbf1914268a794cbb21cfafee13770ae19f1',
      'c5680aa69bb8d860bf82d4e9cd3504b55dde018de765a91bb566283c545a99a7',
      '1e9654e951a5ba44c8604c4de6c67fd78a27e81dcadcfe1edf638ba3aaebaed6',
    ],
    [
      'Hello World',
      'f0eb03b1a75ac6d9847f55c624a99169b5dccba2a31f5b23bea77ba270de0a7a',
      'b79d196740ad5217771c1098fc4a4b51e0535c32236c71f1ea4d61a2d603352b',
      '88737ae86f2077145f93cc4b153ae9a1cb8d56afa511988c149c5c8c9d93bddf',
    ],
    [
      'UTF-8 support: öäüéàè 测试文本 \uD83D\uDE04',
      '43936b237ea38c7794eb5d755e0d220b6db92ebfc5c8f482759d22b1286376d7',
      'c8f4f525fe8afb1bc09b44175bd2096f079c98425e8a1be676b712add1fb62f0',
      '8f488e06b89eafd019ec528109eafaf7f1d1811fd617aa1eeb9658f1c1be6586',
    ],
  ])('hashes and transactions of "%s"', (message, hash, toSpend, signed) => {
    const script = addressToScript(ADDRESS, 'mainnet')
    expect(hex(messageHash(utf8(message)))).toBe(hash)
    expect(toSpendTxid(utf8(message), script)).toBe(toSpend)
    expect(hex(sha256d(toSign(utf8(message), script).unsignedTx).reverse())).toBe(signed)
  })

  test.each([
    ['', ADDRESS, EMPTY],
    [
      '',
      ADDRESS,
      'AkgwRQIhAPkJ1Q4oYS0htvyuSFHLxRQpFAY56b70UvE7Dxazen0ZAiAtZfFz1S6T6I23MWI2lK/pcNTWncuyL8UL+oMdydVgzAEhAsfxIAMZZEKUPYWI4BruhAQjzFT8FSFSajuFwrDL1Yhy',
    ],
    [
      'Hello World',
      ADDRESS,
      'AkcwRAIgZRfIY3p7/DoVTty6YZbWS71bc5Vct9p9Fia83eRmw2QCICK/ENGfwLtptFluMGs2KsqoNSk89pO7F29zJLUx9a/sASECx/EgAxlkQpQ9hYjgGu6EBCPMVPwVIVJqO4XCsMvViHI=',
    ],
    [
      'Hello World',
      ADDRESS,
      'AkgwRQIhAOzyynlqt93lOKJr+wmmxIens//zPzl9tqIOua93wO6MAiBi5n5EyAcPScOjf1lAqIUIQtr3zKNeavYabHyR8eGhowEhAsfxIAMZZEKUPYWI4BruhAQjzFT8FSFSajuFwrDL1Yhy',
    ],
    [
      'No prefix fallback',
      'bc1pss0zhytly75awhm6x2hhvd5lnzv3vssgrf9axfheq8ldyzn88ges79fler',
      'AUCJYOwOjxYAvatTAGYaVlNXBVyFuc4MwNQkOuK2tl8xhfKDONd0NjfYyNSYcRqeCp8hsAnCEPHAVEkO9h6vbQ/R',
    ],
  ])('"%s" of %s is signed, also where the signature names its format', (message, address, signature) => {
    expect(verify(message, address, signature)).toBe('signed')
    expect(verify(message, address, `smp${signature}`)).toBe('signed')
  })

  test.each([
    ['not base64', '', ADDRESS, 'not-valid-base64!!!'],
    ['nothing', '', ADDRESS, ''],
    ['another message', 'Wrong message that was not signed', ADDRESS, EMPTY],
    ['another address', '', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', EMPTY],
    ['another kind of address', '', 'bc1pss0zhytly75awhm6x2hhvd5lnzv3vssgrf9axfheq8ldyzn88ges79fler', EMPTY],
    ['an empty witness', '', ADDRESS, 'AA=='],
    ['another prefix', '', ADDRESS, 'fooAA=='],
    [
      'bytes behind the witness',
      '',
      ADDRESS,
      base64.encode(concatBytes(base64.decode(EMPTY), Uint8Array.of(0))),
    ],
    ['more than any signature', '', ADDRESS, EMPTY.repeat(50)],
  ])('%s is not', (_, message, address, signature) => {
    expect(verify(message, address, signature)).toBe('not signed')
  })

  test('scripts behind a hash cannot be checked here', () => {
    expect(verify('', '3P14159f73E4gFr7JterCCQh9QjiTjiZrG', EMPTY)).toBe('unsupported')
    expect(verify('', 'bc1qp0ahvfh83088w49k405szqgg4f3pptr7p2g06tdxfjcd40z4lh4q95lsz9', EMPTY)).toBe(
      'unsupported',
    )
  })

  test('a signature that signs less than all is not taken', () => {
    const key = new Uint8Array(32).fill(5)
    const tweaked = taprootTweakPrivKey(key)
    const { script } = p2tr(pubSchnorr(key))
    const sign = (hashType: number) => {
      const digest = toSign(utf8('m'), script).preimageWitnessV1(0, [script], hashType, [0n])
      const signature = schnorr.sign(digest, tweaked)
      const whole = hashType === 0 ? signature : concatBytes(signature, Uint8Array.of(hashType))
      return base64.encode(concatBytes(Uint8Array.of(1, whole.length), whole))
    }
    expect([0, 1, 2, 0x81].map((type) => verifyMessage('m', script, sign(type)))).toEqual([
      'signed',
      'signed',
      'not signed',
      'not signed',
    ])
  })

  test('an ECDSA signature with a high s is not taken', () => {
    const key = new Uint8Array(32).fill(5)
    const { script, hash } = p2wpkh(pubECDSA(key))
    const code = p2pkh(pubECDSA(key)).script
    expect(hash).toHaveLength(20)
    const digest = toSign(utf8('m'), script).preimageWitnessV0(0, code, 1, 0n)
    const sign = (isHigh: boolean) => {
      const low = secp256k1.Signature.fromBytes(secp256k1.sign(digest, key, { prehash: false }), 'compact')
      const { n } = secp256k1.Point.CURVE()
      const made = isHigh ? new secp256k1.Signature(low.r, n - low.s) : low
      const der = concatBytes(made.toBytes('der'), Uint8Array.of(1))
      const publicKey = pubECDSA(key)
      return base64.encode(
        concatBytes(Uint8Array.of(2, der.length), der, Uint8Array.of(publicKey.length), publicKey),
      )
    }
    expect([false, true].map((isHigh) => verifyMessage('m', script, sign(isHigh)))).toEqual([
      'signed',
      'not signed',
    ])
  })
})

// the vector is one of Bitcoin Core's tests of signed messages
describe('the legacy form', () => {
  test.each([
    [
      'Trust no one',
      '15CRxFdyRpGZLW9w8HnHvVduizdL5jKNbs',
      'IPojfrX2dfPnH26UegfbGQQLrdK844DlHq5157/P6h57WyuS/Qsl+h/WSVGDF4MUi4rWSswW38oimDYfNNUBUOk=',
    ],
  ])('"%s" of %s is signed', (message, address, signature) => {
    expect(verify(message, address, signature)).toBe('signed')
    expect(verify(`${message}!`, address, signature)).toBe('not signed')
    expect(verify(message, '1BoatSLRHtKNngkdXEeobR76b53LETtpyT', signature)).toBe('not signed')
    expect(verify(message, ADDRESS, signature)).toBe('not signed')
  })

  test.each(['', 'AAAA', 'IPojfrX2dfPnH26UegfbGQQLrdK844DlHq5157/P6h57WyuS', 'A'.repeat(88)])(
    '%s is not a signature',
    (signature) => {
      expect(verify('m', '15CRxFdyRpGZLW9w8HnHvVduizdL5jKNbs', signature)).toBe('not signed')
    },
  )
})
