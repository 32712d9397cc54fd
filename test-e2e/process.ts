export { type AppName, AppProcess, type Ending, runCommand } from '@sv2/topology'
