/**
 * The lab: hosts of one cluster on this machine, each with namespaces, a containerd and a tesserad
 * of its own. Every step can be repeated, and `down` removes a lab in whatever state it is.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { ClusterError, mapBounded } from '#lib';
import type { Clock } from '#lib';
import type { Connection } from '../connection.ts';
import type { ContextStore } from '../contexts-node.ts';
import { run } from '../process-node.ts';
import { allowForwarding, restoreForwarding } from './forwarding-node.ts';
import { killAll, labsWithGroups, removeGroups } from './cgroups-node.ts';
import { formCluster } from './cluster.ts';
import {
  bootHost,
  cutPower,
  enterCommand,
  initPid,
  killStrays,
  waitForSocket,
} from './host-node.ts';
import {
  checkLabName,
  defaultLabName,
  hostCountMax,
  hostName,
  hostNumber,
  hostPaths,
  hostsFile,
  labPaths,
} from './names.ts';
import { cutHost, healHost, labsWithLinks, makeBridge, removeNetwork } from './network-node.ts';
import { claimLab, claimedIndex, forgetLab, labNames, loadLab, readLab } from './state-node.ts';
import { saveLab } from './state-node.ts';
import type { LabState } from './state-node.ts';

export interface LabTools {
  readonly root: string;
  readonly installDir: string;
  readonly clock: Clock;
  readonly contexts: ContextStore;
  readonly connectTo: (host: string) => Promise<Connection>;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface LabRequest {
  readonly name: string;
  readonly hostCount: number;
  readonly managerCount: number;
  /** False: the hosts run, but nobody calls init and join. */
  readonly hasCluster: boolean;
  /** More arguments for every tesserad. */
  readonly tesseradArgs: readonly string[];
}

/** The context that points at a lab. */
export const contextName = (lab: string): string =>
  lab === defaultLabName ? defaultLabName : `${defaultLabName}-${lab}`;

/** Hosts booted at once: more only fight for the processors. */
const bootWidth = 8;

function checkRequest(request: LabRequest): void {
  checkLabName(request.name);
  const { hostCount, managerCount } = request;
  if (!(Number.isInteger(hostCount) && hostCount >= 1 && hostCount <= hostCountMax))
    throw new ClusterError('INVALID_ARGUMENT', `--hosts ${hostCount}: use 1 to ${hostCountMax}`);
  if (!(Number.isInteger(managerCount) && managerCount >= 1 && managerCount <= hostCount))
    throw new ClusterError(
      'INVALID_ARGUMENT',
      `--managers ${managerCount}: use 1 to the number of hosts (${hostCount})`,
    );
}

/** Makes and starts a lab; a failure or an abort removes what was made of it. */
export async function labUp(request: LabRequest, tools: LabTools): Promise<LabState> {
  checkRequest(request);
  const index = claimLab(tools.root, request.name);
  const tesserad = `${tools.installDir}/bin/tesserad`;
  const lab: LabState = {
    name: request.name,
    index,
    hostCount: request.hostCount,
    managerCount: request.managerCount,
    createdAtMs: tools.clock.now(),
    phase: 'making',
    tesserad: existsSync(tesserad) ? tesserad : '',
    tesseradArgs: request.tesseradArgs,
    contextBefore: tools.contexts.currentName(),
  };
  try {
    saveLab(tools.root, lab);
    await raise(lab, request, tools);
    const done: LabState = { ...lab, phase: 'up' };
    saveLab(tools.root, done);
    return done;
  } catch (error) {
    tools.say(`failed: removing what was made of lab ${lab.name}`);
    const last = lastWords(tools.root, lab);
    await labDown(lab.name, tools);
    if (tools.signal.aborted) throw new ClusterError('CANCELLED', 'interrupted', { cause: error });
    if (last === '' || !(error instanceof ClusterError)) throw error;
    throw new ClusterError(error.code, `${error.message}; last words: ${last}`, { cause: error });
  }
}

async function raise(lab: LabState, request: LabRequest, tools: LabTools): Promise<void> {
  writeFileSync(labPaths(tools.root, lab.name).hostsFile, hostsFile(lab.index, lab.hostCount));
  allowForwarding(tools.root);
  await makeBridge(lab);
  const hosts = Array.from({ length: lab.hostCount }, (_, n) => n + 1);
  await mapBounded(hosts, bootWidth, (host) => bootAndWait(lab, host, tools));
  tools.say(`${lab.hostCount} hosts run`);
  if (lab.tesserad === '') return;
  const connect = (host: number): Promise<Connection> =>
    tools.connectTo(`unix://${hostPaths(tools.root, lab.name, host).tesseradSocket}`);
  if (request.hasCluster) {
    await formCluster(lab, { ...tools, connect });
    tools.say(`${lab.hostCount} nodes are ready, ${lab.managerCount} of them managers`);
  }
  const context = contextName(lab.name);
  tools.contexts.save({
    name: context,
    host: `unix://${hostPaths(tools.root, lab.name, 1).tesseradSocket}`,
    description: `host1 of lab ${lab.name}`,
  });
  tools.contexts.use(context);
}

async function bootAndWait(lab: LabState, host: number, tools: LabTools): Promise<void> {
  tools.signal.throwIfAborted();
  if (initPid(lab.name, host) === undefined) await bootHost(tools.root, lab, host);
  const paths = hostPaths(tools.root, lab.name, host);
  await waitForSocket(paths.containerdSocket, 30_000);
  if (lab.tesserad !== '') await waitForSocket(paths.tesseradSocket, 30_000);
}

/** The last line of the first host's log that has one: why it did not come up. */
function lastWords(root: string, lab: LabState): string {
  const { dir } = hostPaths(root, lab.name, 1);
  for (const file of ['init.log', 'tesserad.log']) {
    const text = existsSync(`${dir}/${file}`) ? readFileSync(`${dir}/${file}`, 'utf8').trim() : '';
    if (text !== '') return readable(text.split('\n').at(-1) ?? '').slice(0, 300);
  }
  return '';
}

/** The message of a structured log line; any other line as it is. */
function readable(line: string): string {
  try {
    const { msg, err } = JSON.parse(line) as { msg?: string; err?: string | { message?: string } };
    const why = typeof err === 'string' ? err : err?.message;
    return [msg, why].filter((text) => text !== undefined).join(': ');
  } catch {
    return line;
  }
}

/** Removes every trace of the lab: processes, network, cgroups, files, context. Idempotent. */
export async function labDown(name: string, tools: Omit<LabTools, 'signal'>): Promise<void> {
  checkLabName(name);
  const lab = readLab(tools.root, name);
  const index = lab?.index ?? claimedIndex(tools.root, name);
  const before = lab?.contextBefore;
  killStrays(name);
  await killAll(name);
  await removeNetwork(name, index);
  await removeGroups(name);
  forgetLab(tools.root, name);
  leaveContext(name, before, tools.contexts);
  if (labNames(tools.root).length > 0) return;
  restoreForwarding(tools.root);
  // Another lab may have begun in between, and found forwarding on.
  if (labNames(tools.root).length > 0) allowForwarding(tools.root);
}

/** Removes the lab's context; if it was in use, the one before it is again. */
function leaveContext(name: string, before: string | undefined, contexts: ContextStore): void {
  const own = contextName(name);
  const wasInUse = contexts.currentName() === own;
  contexts.remove(own);
  if (wasInUse && before !== undefined && contexts.list().some((one) => one.name === before))
    contexts.use(before);
}

/** The names of all labs: by their folders, and by what runs where a folder was lost. */
export async function allLabs(root: string): Promise<string[]> {
  const names = [...labNames(root), ...labsWithGroups(), ...(await labsWithLinks())];
  return [...new Set(names)].sort();
}

export interface HostStatus {
  readonly host: number;
  readonly isOn: boolean;
}

/** The lab's state and which of its hosts are on; undefined state = damaged. */
export function labStatus(
  root: string,
  name: string,
): { readonly lab: LabState | undefined; readonly hosts: readonly HostStatus[] } {
  const lab = readLab(root, name);
  const numbers = Array.from({ length: lab?.hostCount ?? 0 }, (_, n) => n + 1);
  return { lab, hosts: numbers.map((host) => ({ host, isOn: initPid(name, host) !== undefined })) };
}

/** Boots those hosts that are off (all by default); waits until the daemons of each answer. */
export async function startHosts(
  name: string,
  refs: readonly string[],
  tools: LabTools,
): Promise<void> {
  const lab = loadLab(tools.root, name);
  const all = Array.from({ length: lab.hostCount }, (_, n) => hostName(n + 1));
  const hosts = (refs.length > 0 ? refs : all).map((ref) => hostNumber(ref, lab.hostCount));
  allowForwarding(tools.root);
  await makeBridge(lab);
  await mapBounded(hosts, bootWidth, (host) => bootAndWait(lab, host, tools));
}

export const faults = ['kill', 'stop', 'cont', 'cut', 'heal'] as const;
export type Fault = (typeof faults)[number];

/** Does to a host what the world does to hosts. */
export async function injectFault(
  name: string,
  fault: Fault,
  ref: string,
  tools: LabTools,
): Promise<void> {
  const lab = loadLab(tools.root, name);
  const host = hostNumber(ref, lab.hostCount);
  if (fault === 'kill') await cutPower(name, host);
  else if (fault === 'cut') await cutHost(lab, host);
  else if (fault === 'stop') await signalTesserad(name, host, 'STOP');
  else if (fault === 'cont') await signalTesserad(name, host, 'CONT');
  else if (initPid(name, host) === undefined) await bootAndWait(lab, host, tools);
  else {
    await healHost(lab, host);
    await signalTesserad(name, host, 'CONT').catch(() => undefined);
  }
}

async function signalTesserad(name: string, host: number, signal: string): Promise<void> {
  const script = `kill -${signal} "$(cat /run/lab/tesserad.pid)"`;
  const [command = '', ...args] = enterCommand(name, host, ['sh', '-c', script]);
  await run(command, args);
}

/** The daemon's log files of a host, which may not be there yet. */
export function logFiles(root: string, name: string, ref: string): readonly string[] {
  const lab = loadLab(root, name);
  const { dir } = hostPaths(root, name, hostNumber(ref, lab.hostCount));
  return [`${dir}/init.log`, `${dir}/containerd.log`, `${dir}/tesserad.log`];
}
