/** `why` as people read it. */
import { TaskState, TaskStateNames } from '#proto';
import type { ExplainPlacementResponse, NodeVerdict, PlacementExplanation } from '#proto';
import type { PlacementHint, PlacementShortage } from '#proto';
import { renderTable } from '../output/table.ts';
import { humanDuration, humanMemory, shortDuration, titleCase } from '../output/words.ts';

const rowsDefault = 20;

export function explanationText(
  answer: ExplainPlacementResponse,
  nowMs: number,
  rowsMax = rowsDefault,
): string {
  const blocks = answer.explanations.map((one) => block(one, nowMs, rowsMax));
  if (!answer.isService) return blocks.join('\n');
  const { serviceName, running, desired, notes } = answer;
  const head = [`${serviceName}: ${running} of ${desired} tasks run.`, ...notes.map(sentence)];
  return [`${head.join('\n')}\n`, ...blocks].join('\n');
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;
}

function block(one: PlacementExplanation, nowMs: number, rowsMax: number): string {
  const lines = [heading(one, nowMs), one.reason, ...one.details];
  if (one.untilMs > nowMs) lines.push(`not before ${shortDuration(one.untilMs - nowMs)} from now`);
  const parts = [lines.map((line) => `${line}\n`).join('')];
  if (one.nodes.length > 0) parts.push(nodeTable(one, rowsMax));
  if (one.hints.length > 0) parts.push(hintText(one.hints, one.taskCount));
  else if (isStuck(one))
    parts.push('No single change of the service or of a node would place it.\n');
  return parts.join('\n');
}

/** Waits for a node, and none would take it. */
function isStuck({ state, nodes }: PlacementExplanation): boolean {
  return (
    state === TaskState.PENDING && nodes.length > 0 && nodes.every(({ filter }) => filter !== '')
  );
}

function heading(one: PlacementExplanation, nowMs: number): string {
  const { taskName, taskId, taskCount, state, sinceMs } = one;
  const others = taskCount - 1;
  const who =
    others > 0
      ? `${taskCount} tasks (${taskName} and ${others} more)`
      : `${taskName} (${taskId.slice(0, 12)})`;
  const since = humanDuration(nowMs - sinceMs).toLowerCase();
  return `${who}: ${titleCase(TaskStateNames[state] ?? '')} for ${since}`;
}

function nodeTable(one: PlacementExplanation, rowsMax: number): string {
  const able = one.nodes.filter(({ filter }) => filter === '');
  const refused = one.nodes.filter(({ filter }) => filter !== '');
  const parts: string[] = [];
  if (able.length > 0) parts.push(ableTable(one, able, rowsMax));
  if (refused.length > 0) parts.push(refusedTable(refused, rowsMax));
  const untold = one.nodeCount - one.nodes.length;
  if (untold > 0) parts.push(`${untold} more nodes are not shown.\n`);
  return parts.join('\n');
}

function ableTable(
  one: PlacementExplanation,
  able: readonly NodeVerdict[],
  rowsMax: number,
): string {
  const names = able[0]?.scores.map(({ name, weight }) => `${name} x${weight}`) ?? [];
  const title = one.isScored
    ? 'Where it could be, by the scores of now and as if it were not there; the best first:'
    : 'The nodes that would take it, the best first:';
  const heads = ['NODE', ...(names.length > 0 ? ['SCORE', ...names] : [])].concat([
    'TASKS OF SERVICE',
    'TASKS',
    '',
  ]);
  const rows = able
    .slice(0, rowsMax)
    .map((node) => [
      node.hostname,
      ...(names.length > 0 ? [String(node.score)] : []),
      ...node.scores.map(({ score }) => String(score)),
      String(node.serviceTaskCount),
      String(node.taskCount),
      [node.nodeId === one.nodeId ? 'it is here' : '', node.isFaulty ? 'keeps failing here' : '']
        .filter((word) => word !== '')
        .join(', '),
    ]);
  return `${title}\n${renderTable(heads, rows)}${rest(able.length, rowsMax)}`;
}

function refusedTable(refused: readonly NodeVerdict[], rowsMax: number): string {
  const rows = refused.flatMap((node) =>
    node.reasons.map((reason, at) => {
      const short = node.shortages.length === 1 ? node.shortages[0] : node.shortages[at];
      return [node.hostname, reason, amount(short, 'need'), haveText(short)];
    }),
  );
  const table = renderTable(['NODE', 'REASON', 'NEED', 'HAVE'], rows.slice(0, rowsMax));
  return `${table}${rest(rows.length, rowsMax)}`;
}

function rest(count: number, rowsMax: number): string {
  return count > rowsMax ? `and ${count - rowsMax} more: --all shows them\n` : '';
}

function amount(short: PlacementShortage | undefined, of: 'need' | 'have' | 'capacity'): string {
  if (short === undefined) return '';
  const value = short[of];
  if (short.name === 'cpu') return String(Number((value / 1e9).toFixed(3)));
  return short.name === 'memory' ? humanMemory(value) : String(value);
}

function haveText(short: PlacementShortage | undefined): string {
  if (short === undefined) return '';
  // Of a skew there is only how much is allowed.
  if (short.name === 'skew') return `${amount(short, 'have')} allowed`;
  return `${amount(short, 'have')} of ${amount(short, 'capacity')}`;
}

function hintText(hints: readonly PlacementHint[], taskCount: number): string {
  const lines = ['What would place it, the smallest change first:'];
  for (const { changes, placed } of hints) {
    const texts = changes.map(({ text }) => text).join(', and ');
    const count = taskCount > 1 ? ` (places ${placed} of ${taskCount})` : '';
    lines.push(`  ${texts}${count}`);
    for (const { command } of changes) if (command !== '') lines.push(`      ${command}`);
  }
  return `${lines.join('\n')}\n`;
}
