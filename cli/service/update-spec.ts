import type { ServiceSpec } from '#proto';
import { splitWords } from '../parse/shell-words.ts';
import { editContainer, editTask } from './edit.ts';
import { changeLists } from './lists.ts';
import { applySettings } from './settings.ts';
import type { Flags } from './settings.ts';

/** `spec` with the changes that the flags of `service update` ask for. */
export function changedSpec(
  spec: ServiceSpec,
  flags: Flags,
  env: Readonly<Record<string, string | undefined>>,
): ServiceSpec {
  let changed = changeLists(applySettings(spec, flags), flags, env);
  const { image, args, force } = flags;
  if (typeof image === 'string')
    changed = editContainer(changed, (container) => ({ ...container, image }));
  if (typeof args === 'string')
    changed = editContainer(changed, (container) => ({
      ...container,
      args: splitWords('--args', args),
    }));
  if (force === true)
    changed = editTask(changed, (task) => ({ ...task, forceUpdate: task.forceUpdate + 1 }));
  return changed;
}
