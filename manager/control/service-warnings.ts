import { Availability, PublishMode } from '#proto';
import type { Service } from '#proto';
import type { ReadTransaction } from '../store/types.ts';

/** What is allowed but will probably not do what was meant; one line each. */
export function serviceWarnings(tx: ReadTransaction, service: Service): readonly string[] {
  const warnings: string[] = [];
  const { spec } = service;
  if (spec === undefined) return warnings;
  const fixed = spec.endpoint?.ports.find(
    ({ publishedPort, mode }) => publishedPort !== 0 && mode === PublishMode.HOST,
  );
  const replicas = spec.mode?.kind === 'replicated' ? spec.mode.replicated.replicas : 0;
  if (fixed !== undefined && replicas > 1) {
    let nodes = 0;
    for (const node of tx.list('node'))
      if (node.spec?.availability === Availability.ACTIVE) nodes++;
    if (replicas > nodes)
      warnings.push(
        `${replicas} replicas publish port ${fixed.publishedPort} of their host, one fits on a node,` +
          ` and active nodes are ${nodes}`,
      );
  }
  if (spec.update?.order === 1 && fixed !== undefined)
    warnings.push(
      `--update-order start-first with the fixed host port ${fixed.publishedPort}: the new task` +
        ' cannot start on the node of the old one',
    );
  return warnings;
}
