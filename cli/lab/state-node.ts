/** What is on disk about the labs of this machine: a folder and a state file per lab, the indexes. */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { ClusterError } from '#lib';
import { labCountMax, labPaths } from './names.ts';
import type { LabRef } from './names.ts';

export interface LabState extends LabRef {
  readonly hostCount: number;
  readonly managerCount: number;
  readonly createdAtMs: number;
  /** `making` until every host runs and the cluster is whole. */
  readonly phase: 'making' | 'up';
  /** The daemon's launcher; empty = containerd only. */
  readonly tesserad: string;
  readonly tesseradArgs: readonly string[];
  /** What was in use before the lab's own context; `down` goes back to it. */
  readonly contextBefore: string;
}

/** Written before each step and whole at any time: a new file is renamed over the old. */
export function saveLab(root: string, lab: LabState): void {
  const { state } = labPaths(root, lab.name);
  writeFileSync(`${state}.new`, `${JSON.stringify(lab, undefined, 2)}\n`);
  renameSync(`${state}.new`, state);
}

/** The lab's state, or undefined when there is none or it cannot be read. */
export function readLab(root: string, name: string): LabState | undefined {
  try {
    const lab = JSON.parse(readFileSync(labPaths(root, name).state, 'utf8')) as LabState;
    return lab.name === name && Number.isInteger(lab.index) ? lab : undefined;
  } catch {
    return undefined;
  }
}

/** NOT_FOUND when there is no such lab, FAILED_PRECONDITION when it is damaged. */
export function loadLab(root: string, name: string): LabState {
  const lab = readLab(root, name);
  if (lab !== undefined) return lab;
  if (existsSync(labPaths(root, name).dir))
    throw new ClusterError(
      'FAILED_PRECONDITION',
      `lab ${name} is damaged: remove it with 'tsctl lab down --name ${name}'`,
    );
  throw new ClusterError(
    'NOT_FOUND',
    `lab ${name} not found: see 'tsctl lab ls', or make it with 'tsctl lab up --name ${name}'`,
  );
}

/** Names of the labs that have a folder. */
export function labNames(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort();
}

const claimsDir = (root: string): string => `${root}/.indexes`;

/** Makes the lab's folder and takes the lowest free index; ALREADY_EXISTS when the name is taken. */
export function claimLab(root: string, name: string): number {
  mkdirSync(claimsDir(root), { recursive: true });
  try {
    mkdirSync(labPaths(root, name).dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new ClusterError(
      'ALREADY_EXISTS',
      `lab ${name} already exists: remove it with 'tsctl lab down --name ${name}', ` +
        `or choose another --name`,
      { cause: error },
    );
  }
  for (let index = 0; index < labCountMax; index++)
    if (claimIndex(`${claimsDir(root)}/${index}`, root, name)) return index;
  throw new ClusterError(
    'LIMIT_EXCEEDED',
    `all ${labCountMax} places for labs are taken: see 'tsctl lab ls'`,
  );
}

function claimIndex(path: string, root: string, name: string): boolean {
  try {
    const file = openSync(path, 'wx');
    writeSync(file, name);
    closeSync(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const owner = ownerOf(path);
    // Not written yet, or its lab is there.
    if (owner === '') return false;
    if (owner !== undefined && existsSync(labPaths(root, owner).dir)) return false;
    rmSync(path, { force: true });
    return claimIndex(path, root, name);
  }
}

/** Who claims the index; undefined when the claim has gone: other labs come and go meanwhile. */
function ownerOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** The index a lab claimed, also when its state file is lost. */
export function claimedIndex(root: string, name: string): number | undefined {
  if (!existsSync(claimsDir(root))) return undefined;
  const own = readdirSync(claimsDir(root)).find(
    (index) => ownerOf(`${claimsDir(root)}/${index}`) === name,
  );
  return own === undefined ? undefined : Number(own);
}

/** Deletes everything of the lab that is on disk. */
export function forgetLab(root: string, name: string): void {
  rmSync(labPaths(root, name).dir, {
    recursive: true,
    force: true,
    maxRetries: 10,
    retryDelay: 50,
  });
  // Whoever has seen the folder go may have the index already.
  const index = claimedIndex(root, name);
  if (index !== undefined) rmSync(`${claimsDir(root)}/${index}`, { force: true });
}
