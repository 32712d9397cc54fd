import type { Identification } from '../ground/setup.ts'

/** What a mining device is and what it wants. */
export interface DeviceSettings {
  readonly identification: Identification
  readonly endpoint: { readonly host: string; readonly port: number }
  readonly userIdentity: string
  /**
   * `standard`: header-only, jobs of its own; `grouped`: a standard channel that works on the jobs of its group;
   * `extended`: rolls its own extranonce.
   */
  readonly mode: 'standard' | 'grouped' | 'extended'
  /** H/s declared before anything is measured. */
  readonly nominalHashrate: number
  readonly minExtranonceSize: number
  /** Extensions to ask for where the peer's protocol has them; none unless given. 0x0002: worker names on shares. */
  readonly extensions?: readonly number[]
  /** Name on each share of an extended channel with extension 0x0002, at most 32 bytes of UTF-8. */
  readonly worker?: string
}
