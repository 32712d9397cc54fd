export {
  type AppName,
  AppProcess,
  type Ending,
  type LogLine,
  type Program,
  runCommand,
} from './app-process.ts'
export { freePort } from './free-port.ts'
export type { NodeAccess, PartName } from './parts.ts'
export type { NodeName, PeerNodes } from './peer-nodes.ts'
export { type Link, startTopology, Topology, type TopologyOptions } from './topology.ts'
