/**
 * The agent of one host. Contract: the managers' assignments in, the host's containers made to
 * match, their statuses out. Owner of `task.status` from ACCEPTED on. It stops nothing because
 * managers are away, and adopts what runs when it starts again.
 */
export { Agent } from './agent.ts';
export type { AgentOptions } from './agent.ts';
export type { HostFiles, TaskFiles, TaskFilesRequest } from './host-files.ts';
export { hostFiles } from './host-files-node.ts';
export { ManagerAddresses } from './manager-addresses.ts';
export type { NetworkConsumer } from './network-view/consumer.ts';
export type { Change, NetworkView, ViewChanges } from './network-view/view.ts';
export type { NetworkAttachment, NetworkRequest, TaskNetworks } from './runtime/network-port.ts';
export type * from './runtime/port.ts';
export { SimulatedFiles } from './runtime/simulated-files.ts';
export { SimulatedNetworks } from './runtime/simulated-networks.ts';
export { SimulatedRuntime } from './runtime/simulated.ts';
export type { SimulatedBehaviour, SimulatedRuntimeOptions } from './runtime/simulated.ts';
export { SimulatedStorage } from './runtime/simulated-storage.ts';
export type { ManagerLine, SessionHandlers, SessionLink, WorkLink } from './session-port.ts';
export { ManagerConnections } from './session-node.ts';
export type { ManagerConnectionsOptions } from './session-node.ts';
export type { AgentStorage } from './storage-port.ts';
export { fileStorage } from './storage-node.ts';
export type { NetworkExaminer } from './work/networks.ts';
export { genericCounts } from './task/generic-resources.ts';
export type { GenericResources } from './task/generic-resources.ts';
export type { TaskView } from './task/task-view.ts';
