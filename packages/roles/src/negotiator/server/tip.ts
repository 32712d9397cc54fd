import type { NodeTemplate } from '../../ground/node-template.ts'

/** What a job has to build on, as the node's newest template says it. */
export type Tip = Pick<
  NodeTemplate,
  | 'prevHash'
  | 'height'
  | 'nbits'
  | 'target'
  | 'curtime'
  | 'mintime'
  | 'weightLimit'
  | 'sigopLimit'
  | 'segwit'
  | 'coinbaseValue'
>

/** The tip of a template, without its transactions. */
export function tipOf(template: NodeTemplate): Tip {
  const {
    prevHash,
    height,
    nbits,
    target,
    curtime,
    mintime,
    weightLimit,
    sigopLimit,
    segwit,
    coinbaseValue,
  } = template
  return {
    prevHash,
    height,
    nbits,
    target,
    curtime,
    mintime,
    weightLimit,
    sigopLimit,
    segwit,
    coinbaseValue,
  }
}
