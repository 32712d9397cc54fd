export { connectNodes } from './connect-nodes.ts'
export type { RegtestNodeOptions } from './options.ts'
export { type ConnectedBlock, RegtestNode } from './regtest-node.ts'
export { startRegtestNode } from './start-regtest-node.ts'
