// @data-table: which user agent needs what. The first rule that matches counts; the rest of a dialect is the default.
import type { Dialect } from './dialect.ts'

/** One kind of device or software, and where it differs from what everyone gets. */
export interface DialectRule {
  readonly name: string
  /** Tested against the user agent, the empty text when there is none. */
  readonly userAgent: RegExp
  readonly needs: Partial<Omit<Dialect, 'name'>>
}

/** Room for several hundred outputs. */
const HUGE_COINBASE = 16_000
const LARGE_COINBASE = 6_500
const MIDDLE_COINBASE = 2_250
const SMALL_COINBASE = 730
const TINY_COINBASE = 500

/** A share in six seconds at 50 GH/s, four in a second at 1 TH/s. */
const HOME_START = 64
/** Six shares in a second at 200 TH/s. */
const FARM_START = 8_192

/** Devices and software that need something of their own. */
export const DIALECT_RULES: readonly DialectRule[] = [
  {
    // Blitzpool's documents: subscribes with no parameters at all, wants at least 7 bytes of extranonce2, and work
    // before it authorizes. cgminer's second try and the oldest clients look the same; early work does them no harm.
    name: 'braiins-hashpower-prober',
    userAgent: /^$/,
    needs: { extranonce2Bytes: 8, earlyWork: true },
  },
  {
    // DATUM: a floor of 524 288 and about 500 bytes of coinbase. NiceHash's proxies take 1 or 2 bytes of extranonce2
    // for themselves. A new extranonce counts from the next job on, as for everyone.
    name: 'nicehash',
    userAgent: /nicehash/i,
    needs: {
      maxCoinbaseBytes: TINY_COINBASE,
      startDifficulty: 524_288,
      minDifficulty: 524_288,
      extranonce2Bytes: 8,
    },
  },
  {
    // NerdMiner v2: some ten thousand hashes a second; a JSON document of 4096 bytes; worker names of 80 characters;
    // reconnects after 60 s of silence. It takes 2, 4 or 8 bytes of extranonce2.
    name: 'nerdminer',
    userAgent: /^nerdminer/i,
    needs: {
      maxCoinbaseBytes: 1_500,
      maxLineBytes: 4_000,
      startDifficulty: 0.00015,
      minDifficulty: 0.00015,
      extranonce2Bytes: 8,
      maxUserNameLength: 80,
      maxSilenceSeconds: 45,
    },
  },
  {
    // ESP-Miner and its relatives. DATUM: 6.5 kB. ESP-Miner: receive timeout 180 s. Boards from 50 GH/s to 6 TH/s.
    name: 'bitaxe',
    userAgent: /^(bitaxe|nerd\S*axe|nerdeko|nerdqx|nmaxe|luckyminer|bitforge|bitdsk|zyber)/i,
    needs: { maxCoinbaseBytes: LARGE_COINBASE, startDifficulty: HOME_START, maxSilenceSeconds: 120 },
  },
  {
    // DATUM: 2250 bytes for the stock firmware that names its model.
    name: 'antminer-s21',
    userAgent: /^Antminer S21\//,
    needs: { maxCoinbaseBytes: MIDDLE_COINBASE, startDifficulty: FARM_START },
  },
  {
    // Stock Antminer S9, S17, S19: about 730 bytes; the cgminer of the S9 falls silent above 8 bytes of extranonce2.
    name: 'antminer',
    userAgent: /^(antminer|bmminer)/i,
    needs: { maxCoinbaseBytes: SMALL_COINBASE, startDifficulty: FARM_START, extranonce2Bytes: 8 },
  },
  {
    // DATUM: 6.5 kB; user names above 127 characters overflow; at most 8 bytes of extranonce2. Public proxies send it
    // the mask again after `mining.configure`, without which 1.1 idles, and take its difficulty for changed with a
    // clean job only.
    name: 'whatsminer',
    userAgent: /^(whatsminer|btminer)/i,
    needs: {
      maxCoinbaseBytes: LARGE_COINBASE,
      startDifficulty: FARM_START,
      extranonce2Bytes: 8,
      cleanJobsOnDifficultyChange: true,
      setVersionMaskAfterConfigure: true,
      maxUserNameLength: 127,
    },
  },
  {
    // Braiins OS. DATUM: 2250 bytes with the tuner, and nothing known about the rest of the family.
    name: 'bosminer',
    userAgent: /bosminer|^braiins/i,
    needs: { maxCoinbaseBytes: MIDDLE_COINBASE, startDifficulty: FARM_START },
  },
  {
    // DATUM: 16 kB for VNish's xminer and for ePIC's PowerPlay boards.
    name: 'xminer',
    userAgent: /^(xminer-|PowerPlay-BM)/,
    needs: { maxCoinbaseBytes: HUGE_COINBASE, startDifficulty: FARM_START },
  },
  {
    // Avalon cuts user names off at 63 characters; the Nano 3 drops silent connections (public-pool 62).
    name: 'avalon',
    userAgent: /avalon/i,
    needs: { maxUserNameLength: 63, maxSilenceSeconds: 45 },
  },
  {
    // minerd on a CPU: some million hashes a second. 2^-6 is a share in half a minute at 2 MH/s. Above 16 bytes of
    // extranonce2 it reconnects for ever; it writes numbers as text.
    name: 'cpuminer',
    userAgent: /^cpuminer/i,
    needs: { maxCoinbaseBytes: HUGE_COINBASE, startDifficulty: 1 / 64, minDifficulty: 1 / 1024 },
  },
  {
    // The family on a PC: parses what comes, allocates what it needs. Suggests a target, asks for transactions.
    name: 'bfgminer',
    userAgent: /^bfgminer/i,
    needs: { maxCoinbaseBytes: HUGE_COINBASE, showMessage: true },
  },
  {
    // cgminer itself is generous, but Avalons and S9s sign with its name: room as for those.
    name: 'cgminer',
    userAgent: /^cgminer/i,
    needs: {
      maxCoinbaseBytes: SMALL_COINBASE,
      extranonce2Bytes: 8,
      showMessage: true,
      maxSilenceSeconds: 45,
    },
  },
  {
    // ckpool sends messages for people to miners that have these letters in their name, cgminer and bfgminer among
    // them.
    name: 'gminer',
    userAgent: /gminer/i,
    needs: { showMessage: true },
  },
]
