/**
 * The real container runtime: containerd through its own gRPC socket. Owns containerd's namespace
 * `tessera` on this host (images, snapshots, containers, tasks) and the log files.
 */
export { createContainerdRuntime } from './create-runtime-node.ts';
export type { CreateRuntimeOptions, RunningRuntime } from './create-runtime-node.ts';
