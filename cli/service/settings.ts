/**
 * The flags of `service create` and `service update` that set one value: name, help and what each
 * does to a spec. The help texts, both commands and the completion come out of this one table.
 */
import { FailureAction, PreemptionPolicy, RestartCondition, UpdateOrder } from '#proto';
import type { ServiceSpec } from '#proto';
import { UsageError } from '../cli.ts';
import { parseBytes, parseCpu } from '../parse/bytes.ts';
import { parseDuration } from '../parse/duration.ts';
import { parseInteger } from '../parse/integer.ts';
import { parseMaxUnavailable } from '../parse/max-unavailable.ts';
import { splitWords } from '../parse/shell-words.ts';
import { parseWord } from '../parse/words.ts';
import {
  editContainer,
  editPlacement,
  editResources,
  editRestart,
  editTask,
  editUpdate,
  setReplicas,
} from './edit.ts';
import { setEndpointMode, setSessionAffinity } from './network-settings.ts';

/** The API's own limit. */
export const replicasMax = 100_000;
const priorityMax = 1_000_000_000;
const countMax = 4_294_967_295;

export interface Setting {
  /** As in "--limit-cpu", with a short form before it where there is one ("-w, --workdir"). */
  readonly flag: string;
  /** As in "<cpus>"; undefined for a flag that is on or off. */
  readonly value?: string;
  readonly help: string;
  /** `flag` is the long name, for messages. */
  readonly set: (spec: ServiceSpec, value: string, flag: string) => ServiceSpec;
}

const containerSettings: readonly Setting[] = [
  {
    flag: '--entrypoint',
    value: '<command>',
    help: "what runs instead of the image's entrypoint",
    set: (spec, value, flag) =>
      editContainer(spec, (container) => ({ ...container, command: splitWords(flag, value) })),
  },
  {
    flag: '-w, --workdir',
    value: '<dir>',
    help: 'working directory in the container',
    set: (spec, workingDirectory) =>
      editContainer(spec, (container) => ({ ...container, workingDirectory })),
  },
  {
    flag: '-u, --user',
    value: '<user>',
    help: 'NAME or UID, with :GROUP or :GID if need be',
    set: (spec, user) => editContainer(spec, (container) => ({ ...container, user })),
  },
  {
    flag: '--hostname',
    value: '<name>',
    help: 'host name in the container',
    set: (spec, hostname) => editTask(spec, (task) => ({ ...task, hostname })),
  },
  {
    flag: '-t, --tty',
    help: 'give the container a terminal',
    set: (spec, value) =>
      editContainer(spec, (container) => ({ ...container, tty: value === 'true' })),
  },
  {
    flag: '--read-only',
    help: "make the container's root file system read-only",
    set: (spec, value) =>
      editContainer(spec, (container) => ({ ...container, isReadOnly: value === 'true' })),
  },
  {
    flag: '--stop-signal',
    value: '<signal>',
    help: "what stops the container (default: the image's, else SIGTERM)",
    set: (spec, value, flag) =>
      editContainer(spec, (container) => ({ ...container, stopSignal: parseSignal(flag, value) })),
  },
  {
    flag: '--stop-grace-period',
    value: '<duration>',
    help: 'time between the stop signal and SIGKILL (default 10s)',
    set: (spec, value, flag) =>
      editContainer(spec, (container) => ({
        ...container,
        stopGracePeriodMs: parseDuration(flag, value),
      })),
  },
];

function parseSignal(flag: string, text: string): string {
  const word = text.toUpperCase();
  if (/^(?:SIG)?[A-Z][A-Z0-9+-]{1,10}$/.test(word))
    return word.startsWith('SIG') ? word : `SIG${word}`;
  throw new UsageError(`${flag} '${text}': use a signal's name as in SIGTERM`);
}

const resourceSettings: readonly Setting[] = (['limit', 'reserve'] as const).flatMap((word) => {
  const side = word === 'limit' ? 'limits' : 'reservations';
  const kept = word === 'limit' ? 'a task may use at most' : 'are set aside for a task';
  const settings: Setting[] = [
    {
      flag: `--${word}-cpu`,
      value: '<cpus>',
      help: `processors that ${kept}, as in 0.5`,
      set: (spec, value, flag) =>
        editResources(spec, side, (part) => ({ ...part, cpuNano: parseCpu(flag, value) })),
    },
    {
      flag: `--${word}-memory`,
      value: '<bytes>',
      help: `memory that ${word === 'limit' ? kept : 'is set aside for a task'}, as in 64m or 1GiB`,
      set: (spec, value, flag) =>
        editResources(spec, side, (part) => ({ ...part, memoryBytes: parseBytes(flag, value) })),
    },
  ];
  return settings;
});

const pidsSetting = (flag: string, side: 'limits' | 'reservations', help: string): Setting => ({
  flag,
  value: '<n>',
  help,
  set: (spec, value, name) =>
    editResources(spec, side, (part) => ({
      ...part,
      pids: parseInteger(name, value, 0, countMax),
    })),
});

const pidsSettings: readonly Setting[] = [
  pidsSetting(
    '--limit-pids',
    'limits',
    'processes a task may have at most; 0 = no limit of its own',
  ),
  pidsSetting('--reserve-pids', 'reservations', 'processes that are set aside for a task'),
];

const conditions = {
  any: RestartCondition.ANY,
  'on-failure': RestartCondition.ON_FAILURE,
  none: RestartCondition.NONE,
};

const restartSettings: readonly Setting[] = [
  {
    flag: '--restart-condition',
    value: '<when>',
    help: 'any, on-failure or none (default any)',
    set: (spec, value, flag) =>
      editRestart(spec, (part) => ({ ...part, condition: parseWord(flag, value, conditions) })),
  },
  {
    flag: '--restart-delay',
    value: '<duration>',
    help: 'first delay; it doubles with every failure in a row (default 1s)',
    set: (spec, value, flag) =>
      editRestart(spec, (part) => ({ ...part, delayMs: parseDuration(flag, value) })),
  },
  {
    flag: '--restart-max-delay',
    value: '<duration>',
    help: 'the delay grows no further than this (default 1m)',
    set: (spec, value, flag) =>
      editRestart(spec, (part) => ({ ...part, delayMaxMs: parseDuration(flag, value) })),
  },
  {
    flag: '--restart-max-attempts',
    value: '<n>',
    help: 'restarts before giving up; 0 = never (default 0)',
    set: (spec, value, flag) =>
      editRestart(spec, (part) => ({
        ...part,
        attemptsMax: parseInteger(flag, value, 0, countMax),
      })),
  },
  {
    flag: '--restart-window',
    value: '<duration>',
    help: 'attempts are counted within this time; 0 = since the last update (default 0)',
    set: (spec, value, flag) =>
      editRestart(spec, (part) => ({ ...part, windowMs: parseDuration(flag, value) })),
  },
];

const orders = {
  'stop-first': UpdateOrder.STOP_FIRST,
  'start-first': UpdateOrder.START_FIRST,
};
const updateActions = {
  pause: FailureAction.PAUSE,
  continue: FailureAction.CONTINUE,
  rollback: FailureAction.ROLLBACK,
};
const rollbackActions = { pause: FailureAction.PAUSE, continue: FailureAction.CONTINUE };

function parseRatio(flag: string, text: string): number {
  const ratio = /^(?:\d+(?:\.\d+)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (ratio >= 0 && ratio <= 1) return ratio;
  throw new UsageError(`${flag} '${text}': use a number of 0 to 1`);
}

const updateSettings = (which: 'update' | 'rollback'): readonly Setting[] => [
  {
    flag: `--${which}-parallelism`,
    value: '<n>',
    help: 'tasks replaced at once; 0 = all (default 1)',
    set: (spec, value, flag) =>
      editUpdate(spec, which, (part) => ({
        ...part,
        parallelism: parseInteger(flag, value, 0, replicasMax),
      })),
  },
  {
    flag: `--${which}-delay`,
    value: '<duration>',
    help: 'pause between two tasks (default 0s)',
    set: (spec, value, flag) =>
      editUpdate(spec, which, (part) => ({ ...part, delayMs: parseDuration(flag, value) })),
  },
  {
    flag: `--${which}-monitor`,
    value: '<duration>',
    help: 'how long a new task is watched for failure (default 5s)',
    set: (spec, value, flag) =>
      editUpdate(spec, which, (part) => ({ ...part, monitorMs: parseDuration(flag, value) })),
  },
  {
    flag: `--${which}-max-failure-ratio`,
    value: '<ratio>',
    help: 'part of the tasks that may fail, 0 to 1 (default 0)',
    set: (spec, value, flag) =>
      editUpdate(spec, which, (part) => ({ ...part, maxFailureRatio: parseRatio(flag, value) })),
  },
  {
    flag: `--${which}-order`,
    value: '<order>',
    help: 'stop-first or start-first (default stop-first)',
    set: (spec, value, flag) =>
      editUpdate(spec, which, (part) => ({ ...part, order: parseWord(flag, value, orders) })),
  },
  {
    flag: `--${which}-failure-action`,
    value: '<action>',
    help: `pause, continue${which === 'update' ? ' or rollback' : ''} (default pause)`,
    set: (spec, value, flag) =>
      editUpdate(spec, which, (part) => ({
        ...part,
        failureAction: parseWord<FailureAction>(
          flag,
          value,
          which === 'update' ? updateActions : rollbackActions,
        ),
      })),
  },
];

const preemptionPolicies = {
  'lower-priority': PreemptionPolicy.LOWER_PRIORITY,
  never: PreemptionPolicy.NEVER,
};

const placementSettings: readonly Setting[] = [
  {
    flag: '--replicas',
    value: '<n>',
    help: 'tasks of a replicated service (default 1)',
    set: (spec, value, flag) => setReplicas(spec, flag, parseInteger(flag, value, 0, replicasMax)),
  },
  {
    flag: '--replicas-max-per-node',
    value: '<n>',
    help: 'tasks on one node; 0 = no limit (default 0)',
    set: (spec, value, flag) =>
      editPlacement(spec, (part) => ({
        ...part,
        replicasMaxPerNode: parseInteger(flag, value, 0, replicasMax),
      })),
  },
  {
    flag: '--priority',
    value: '<n>',
    help: 'tasks of higher priority get a node first (default 0)',
    set: (spec, value, flag) =>
      editPlacement(spec, (part) => ({
        ...part,
        priority: parseInteger(flag, value, -priorityMax, priorityMax),
      })),
  },
  {
    flag: '--preemption-policy',
    value: '<policy>',
    help: 'lower-priority or never: whether its tasks may push out others (default lower-priority)',
    set: (spec, value, flag) =>
      editPlacement(spec, (part) => ({
        ...part,
        preemptionPolicy: parseWord(flag, value, preemptionPolicies),
      })),
  },
  {
    flag: '--max-unavailable',
    value: '<n|n%>',
    help: 'tasks that may be missing while the cluster makes room, drains or rebalances; none = any',
    set: (spec, value, flag) => ({ ...spec, disruption: parseMaxUnavailable(flag, value) }),
  },
];

const endpointSettings: readonly Setting[] = [
  {
    flag: '--endpoint-mode',
    value: '<mode>',
    help: "vip: one address for the service; dnsrr: its name leads to its tasks' (default vip)",
    set: setEndpointMode,
  },
  {
    flag: '--session-affinity',
    value: '<duration>',
    help: 'a caller comes to the same task for so long; 0 = to any (default 0)',
    set: setSessionAffinity,
  },
];

/** In the order of the help text. */
export const settings: readonly Setting[] = [
  ...placementSettings,
  ...endpointSettings,
  ...containerSettings,
  ...resourceSettings,
  ...pidsSettings,
  ...restartSettings,
  ...updateSettings('update'),
  ...updateSettings('rollback'),
];

/** "--limit-cpu" of "-w, --limit-cpu". */
export const longName = (flag: string): string => flag.replace(/^.*--/, '--');

/** The name commander gives its value: "limitCpu". */
export function optionKey(flag: string): string {
  const words = longName(flag).slice(2).split('-');
  return words
    .map((word, at) => (at === 0 ? word : word[0]?.toUpperCase() + word.slice(1)))
    .join('');
}

/** What commander made of the flags: texts, switches, lists of texts. */
export type Flags = Readonly<Record<string, unknown>>;

/** The flag's value as a text ("true" and "false" of a switch); undefined when it was not given. */
export function textOf(flags: Flags, key: string): string | undefined {
  const value = flags[key];
  return typeof value === 'string' || typeof value === 'boolean' ? `${value}` : undefined;
}

/** The spec with every setting that `flags` holds; the others stay as they are. */
export function applySettings(spec: ServiceSpec, flags: Flags): ServiceSpec {
  let changed = spec;
  for (const { flag, set } of settings) {
    const value = textOf(flags, optionKey(flag));
    if (value !== undefined) changed = set(changed, value, longName(flag));
  }
  return changed;
}
