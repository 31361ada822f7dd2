/** The flags with many values that say how a service is on networks, and what its tasks know of names. */
import { DnsConfig } from '#proto';
import type { ServiceSpec } from '#proto';
import { UsageError } from '../cli.ts';
import { parseNetwork } from '../parse/network.ts';
import { editTask } from './edit.ts';
import type { ListFlag } from './list-flag.ts';
import { merged } from './merged.ts';
import { textList } from './text-list.ts';

type DnsField = 'nameservers' | 'search' | 'options';

function dnsList(flag: string, value: string, help: string, field: DnsField): ListFlag {
  return textList(
    flag,
    value,
    help,
    (spec) => spec.task?.dns?.[field] ?? [],
    (spec, list) =>
      editTask(spec, (task) => {
        const dns = { ...(task.dns ?? DnsConfig.create()), [field]: list };
        const isEmpty = dns.nameservers.length + dns.search.length + dns.options.length === 0;
        return { ...task, dns: isEmpty ? undefined : dns };
      }),
  );
}

const networkList: ListFlag = {
  flag: '--network',
  value: '<network>',
  help: 'NAME, or name=NAME,alias=...,ip=ADDRESS,... (one ip for each slot); host, none, bridge',
  key: '<network>',
  add: (spec, texts, flag) =>
    editTask(spec, (task) => {
      const added = texts.map((text) => parseNetwork(flag, text));
      return { ...task, networks: merged(task.networks, added, ({ network }) => network) };
    }),
  remove: (spec, texts) =>
    editTask(spec, (task) => ({
      ...task,
      networks: task.networks.filter(({ network }) => !texts.includes(network)),
    })),
};

function checkHost(flag: string, text: string): string {
  if (text.indexOf(':') > 0 && !text.endsWith(':')) return text;
  throw new UsageError(`${flag} '${text}': write it as NAME:ADDRESS`);
}

/** Whether the flags name networks or services, which a stored spec has by their ids. */
export function namesOthers(flags: Readonly<Record<string, unknown>>): boolean {
  return ['networkAdd', 'networkRm', 'allowFromAdd', 'allowFromRm'].some(
    (key) => flags[key] !== undefined,
  );
}

/** The spec with names for ids, as far as they are known, so that flags can speak of names. */
export function withNames(spec: ServiceSpec, names: ReadonlyMap<string, string>): ServiceSpec {
  const nameOf = (id: string): string => names.get(id) ?? id;
  const { task } = spec;
  return {
    ...spec,
    allowFrom: spec.allowFrom.map(nameOf),
    task:
      task === undefined
        ? undefined
        : {
            ...task,
            networks: task.networks.map((one) => ({ ...one, network: nameOf(one.network) })),
          },
  };
}

export const networkLists: readonly ListFlag[] = [
  networkList,
  textList(
    '--allow-from',
    '<service>',
    'on isolated networks: a service whose tasks may reach this one',
    (spec) => spec.allowFrom,
    (spec, allowFrom) => ({ ...spec, allowFrom }),
  ),
  dnsList('--dns', '<address>', 'server that names of the outside are asked of', 'nameservers'),
  dnsList('--dns-search', '<domain>', 'domain in which short names are looked up', 'search'),
  dnsList('--dns-option', '<option>', 'option of the resolver, as in ndots:2', 'options'),
  textList(
    '--host',
    '<name:address>',
    'line for /etc/hosts',
    (spec) => spec.task?.hosts ?? [],
    (spec, hosts) => editTask(spec, (task) => ({ ...task, hosts })),
    checkHost,
  ),
];
