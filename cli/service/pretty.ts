/** `service inspect --pretty`: what a person wants to know of a service, in docker's order. */
import { FailureActionNames, MountKindNames } from '#proto';
import { RestartConditionNames, UpdateOrderNames, UpdateState, UpdateStateNames } from '#proto';
import type { DisruptionConfig, Resources, Service, UpdateConfig } from '#proto';
import { networkSections } from './pretty-attachments.ts';
import { section, word } from './pretty-words.ts';
import type { Line } from './pretty-words.ts';
import { genericText, humanMemory, shortDuration } from '../output/words.ts';

function labelLines(labels: Readonly<Record<string, string>>): string[] {
  const pairs = Object.entries(labels).map(([key, value]) => ` ${key}=${value}`);
  return pairs.length === 0 ? [] : ['Labels:', ...pairs];
}

function updateSection(title: string, update: UpdateConfig | undefined): string[] {
  if (update === undefined) return [];
  return section(title, [
    ['Parallelism', update.parallelism === 0 ? 'all' : String(update.parallelism)],
    ['Delay', update.delayMs === 0 ? '' : shortDuration(update.delayMs)],
    ['On failure', word(FailureActionNames, update.failureAction)],
    ['Monitor', shortDuration(update.monitorMs)],
    ['Max failure ratio', String(update.maxFailureRatio)],
    ['Order', word(UpdateOrderNames, update.order)],
  ]);
}

function resourceLines(side: string, resources: Resources | undefined): Line[] {
  if (resources === undefined) return [];
  const { cpuNano, memoryBytes, pids, generic } = resources;
  return [
    [`${side} CPU`, cpuNano === 0 ? '' : String(cpuNano / 1e9)],
    [`${side} memory`, memoryBytes === 0 ? '' : humanMemory(memoryBytes)],
    [`${side} pids`, pids === 0 ? '' : String(pids)],
    [`${side} resources`, genericText(generic)],
  ];
}

function containerSection(service: Service): string[] {
  return (service.spec?.task?.containers ?? []).flatMap((container) =>
    section(`Container ${container.name}`, [
      ['Image', container.image],
      ['Command', container.command.join(' ')],
      ['Args', container.args.join(' ')],
      ['Env', container.env.join(' ')],
      ['Dir', container.workingDirectory],
      ['User', container.user],
      ['Read-only', container.isReadOnly ? 'yes' : ''],
      ['Capabilities', capabilities(container.capabilityAdd, container.capabilityDrop)],
      ['Stop signal', container.stopSignal],
      [
        'Stop grace period',
        container.stopGracePeriodMs === undefined ? '' : shortDuration(container.stopGracePeriodMs),
      ],
      ...container.mounts.map(
        (mount): Line => [
          'Mount',
          `${mount.target} (${word(MountKindNames, mount.kind)} ${mount.source}` +
            `${mount.isExisting ? ', existing' : ''}${mount.isReadOnly ? ', read-only' : ''})`,
        ],
      ),
    ]),
  );
}

const capabilities = (added: readonly string[], dropped: readonly string[]): string =>
  [...added.map((name) => `+${name}`), ...dropped.map((name) => `-${name}`)].join(' ');

function headLines(service: Service): string[] {
  const { spec, updateStatus } = service;
  const mode = spec?.mode;
  const lines: Line[] = [
    ['ID', service.id],
    ['Name', spec?.name ?? ''],
    ['Service mode', mode?.kind ?? ''],
    ['Replicas', mode?.kind === 'replicated' ? String(mode.replicated.replicas) : ''],
    ['Removing', service.isRemoving ? 'yes' : ''],
  ];
  if (updateStatus !== undefined && updateStatus.state !== UpdateState.NONE)
    lines.push(
      ['Update status', word(UpdateStateNames, updateStatus.state)],
      ['Update message', updateStatus.message],
    );
  return lines
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${`${name}:`.padEnd(19)}${value}`);
}

function unavailableWord(disruption: DisruptionConfig | undefined): string {
  const max = disruption?.maxUnavailable;
  if (max === undefined) return '';
  return max.kind === 'count' ? String(max.count) : `${max.percent}%`;
}

/** Several lines, the last one ended. `names`: of networks and services, by their ids. */
export function prettyService(
  service: Service,
  names: ReadonlyMap<string, string> = new Map(),
): string {
  const { spec } = service;
  const restart = spec?.task?.restart;
  const placement = spec?.task?.placement;
  const resources = spec?.task?.resources;
  const lines = [
    ...headLines(service),
    ...labelLines(spec?.labels ?? {}),
    ...section('Placement', [
      ['Constraints', placement?.constraints.join(', ') ?? ''],
      ['Preferences', placement?.preferences.join(', ') ?? ''],
      ['Max per node', placement?.replicasMaxPerNode ? String(placement.replicasMaxPerNode) : ''],
    ]),
    ...containerSection(service),
    ...section('Resources', [
      ...resourceLines('Reserved', resources?.reservations),
      ...resourceLines('Limit', resources?.limits),
    ]),
    ...(restart === undefined
      ? []
      : section('Restart', [
          ['Condition', word(RestartConditionNames, restart.condition)],
          ['Delay', restart.delayMs === undefined ? '' : shortDuration(restart.delayMs)],
          ['Max attempts', restart.attemptsMax === 0 ? '' : String(restart.attemptsMax)],
        ])),
    ...section('Disruption', [['Max unavailable', unavailableWord(spec?.disruption)]]),
    ...updateSection('Update', spec?.update),
    ...updateSection('Rollback', spec?.rollback),
    ...networkSections(service, names),
  ];
  return `${lines.join('\n')}\n\n`;
}
