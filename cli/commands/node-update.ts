import type { NodeSpec, Taint } from '#proto';
import { UsageError } from '../cli.ts';
import type { CommandModule } from '../command-tree.ts';
import { addExamples, collect } from '../flags.ts';
import { parseLabel } from '../parse/key-value.ts';
import { isTaintNamed, parseTaint } from '../parse/taint.ts';
import { parseAvailability, parseRole } from '../parse/words.ts';
import { changeNode } from '../service/change.ts';

interface Options {
  readonly availability?: string;
  readonly role?: string;
  readonly labelAdd?: readonly string[];
  readonly labelRm?: readonly string[];
  readonly taint?: readonly string[];
  readonly taintRm?: readonly string[];
}

export const command: CommandModule = {
  configure(command, cli) {
    command
      .argument('<NODE>', 'name or id')
      .option('--availability <state>', 'active, pause or drain')
      .option('--role <role>', 'worker or manager')
      .option('--label-add <key=value>', 'add or replace a label (repeatable)', collect)
      .option('--label-rm <key>', 'remove a label (repeatable)', collect)
      .option(
        '--taint <key=value:effect>',
        'keep tasks away: NoSchedule, PreferNoSchedule or NoExecute (repeatable)',
        collect,
      )
      .option('--taint-rm <key[:effect]>', 'remove a taint (repeatable)', collect);
    addExamples(command, [
      'tsctl node update --availability drain host3',
      'tsctl node update --label-add zone=a host2',
      'tsctl node update --taint disk=slow:NoExecute --taint-rm gpu host2',
    ]);
    command.action(async (ref: string, options: Options) => {
      if (Object.keys(options).length === 0)
        throw new UsageError(
          'nothing to change: give --availability, --role, --label-add or -rm, --taint or --taint-rm',
        );
      // Read before connecting, so that a wrong word changes nothing.
      nodeChange(options);
      const connection = await cli.connect();
      await changeNode(connection, ref, nodeChange(options));
      cli.terminal.out(`${ref}\n`);
    });
  },
};

/** What the flags do to a node's spec; a usage error for a wrong word. */
export function nodeChange(options: Options): (spec: NodeSpec) => NodeSpec {
  const added = (options.labelAdd ?? []).map((text) => parseLabel('--label-add', text));
  const removed = new Set(options.labelRm);
  const tainted = (options.taint ?? []).map((text) => parseTaint('--taint', text));
  const cleared = (options.taintRm ?? []).map((text) => isTaintNamed('--taint-rm', text));
  const isReplaced = (old: Taint): boolean =>
    tainted.some(({ key, effect }) => key === old.key && effect === old.effect);
  const { availability, role } = options;
  const words = {
    ...(availability === undefined
      ? {}
      : { availability: parseAvailability('--availability', availability) }),
    ...(role === undefined ? {} : { role: parseRole('--role', role) }),
  };
  return (spec) => ({
    ...spec,
    ...words,
    labels: Object.fromEntries([
      ...Object.entries(spec.labels).filter(([key]) => !removed.has(key)),
      ...added,
    ]),
    taints: [
      ...spec.taints.filter((old) => !isReplaced(old) && !cleared.some((isGone) => isGone(old))),
      ...tainted,
    ],
  });
}
