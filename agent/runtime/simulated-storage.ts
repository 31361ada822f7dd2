import { ClusterError } from '#lib';
import { AgentState, NetworkState } from '#proto';
import type { AgentStorage } from '../storage-port.ts';

/** A disk in memory that outlives the agent. What it gives back went through the encoding. */
export class SimulatedStorage implements AgentStorage {
  #bytes: Uint8Array | undefined;
  #networkBytes: Uint8Array | undefined;
  /** Saves are refused while true. */
  isFull = false;
  saveCount = 0;

  load(): Promise<AgentState | undefined> {
    return Promise.resolve(this.#bytes === undefined ? undefined : AgentState.decode(this.#bytes));
  }

  save(state: AgentState): Promise<void> {
    if (this.isFull) return this.#refused();
    this.#bytes = AgentState.encode(state);
    this.saveCount++;
    return Promise.resolve();
  }

  loadNetworks(): Promise<NetworkState | undefined> {
    const bytes = this.#networkBytes;
    return Promise.resolve(bytes === undefined ? undefined : NetworkState.decode(bytes));
  }

  saveNetworks(state: NetworkState): Promise<void> {
    if (this.isFull) return this.#refused();
    this.#networkBytes = NetworkState.encode(state);
    return Promise.resolve();
  }

  clear(): Promise<void> {
    this.#bytes = undefined;
    this.#networkBytes = undefined;
    return Promise.resolve();
  }

  #refused(): Promise<void> {
    return Promise.reject(new ClusterError('RUNTIME_ERROR', 'no space left on device'));
  }
}
