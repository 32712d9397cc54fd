import type { NodeTemplate } from '../../ground/node-template.ts'

/** What a job has to build on, as the node's newest template says it. */
export type NodeTip = Pick<
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
export function nodeTipOf(template: NodeTemplate): NodeTip {
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
