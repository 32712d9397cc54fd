import { AddressError, addressToScript, equalBytes } from '@sv2/bitcoin'
import { readUserName } from '@sv2/sv1'
import type { WorkerRefusal } from './facts.ts'
import type { PayoutCheck } from './settings.ts'

/** No account and no worker has a longer name; every name is kept for as long as its connection lasts. */
const LONGEST_NAME = 255

/** A worker that may mine here. */
export interface AdmittedWorker {
  /** `account.worker`, cleaned of what firmware does to names. */
  readonly identity: string
  /** For extension 0x0002; undefined when it has none. */
  readonly worker: string | undefined
}

/** A worker that may not, and a text for the people at the miner. */
export interface RefusedWorker {
  readonly reason: WorkerRefusal
  readonly text: string
}

/** Reads a user name. A name that does not have to be an address is never refused. */
export function admitWorker(
  user: string,
  rules: { readonly check: PayoutCheck; readonly separators: string },
): AdmittedWorker | RefusedWorker {
  const { check, separators } = rules
  if (user.length > LONGEST_NAME)
    return { reason: 'name-too-long', text: `a user name has at most ${LONGEST_NAME} characters` }
  const isAddress = (text: string): boolean => addressProblem(text, check)?.code !== 'invalid'
  const { account, worker } = readUserName(user, {
    separators,
    ...(user.includes('%') && { isAddress }),
  })
  const problem = check.identityIsAddress === 'never' ? undefined : addressProblem(account, check)
  if (problem?.code === 'wrong-network') {
    return {
      reason: 'wrong-network',
      text: `this address belongs to ${problem.networks.join(', ')}, and blocks here are of ${check.network}`,
    }
  }
  if (problem !== undefined && check.identityIsAddress === 'always') {
    return {
      reason: 'not-an-address',
      text: `the user name has to begin with an address of ${check.network}`,
    }
  }
  const other = unpaid(account, check)
  if (other !== undefined) return { reason: 'not-paid-here', text: other }
  if (worker === '') return { identity: account, worker: undefined }
  return { identity: `${account}.${worker}`, worker }
}

/** Why a miner that names its own address had better not mine here: blocks pay other addresses. */
function unpaid(account: string, { identityIsAddress, network, paid = [] }: PayoutCheck): string | undefined {
  if (identityIsAddress === 'never' || paid.length === 0) return undefined
  if (addressProblem(account, { identityIsAddress, network }) !== undefined) return undefined
  const script = addressToScript(account, network)
  if (paid.some((each) => equalBytes(each.script, script))) return undefined
  const others = paid.map(({ address }) => address).join(', ')
  return `blocks found here pay ${others}, not the address in the user name`
}

function addressProblem(text: string, { network }: PayoutCheck): AddressError | undefined {
  try {
    addressToScript(text, network)
    return undefined
  } catch (error) {
    if (!(error instanceof AddressError)) throw error
    return error
  }
}
