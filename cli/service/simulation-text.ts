/** `simulate` as people read it. */
import type { NodeUse, SimulateResponse } from '#proto';
import { renderTable } from '../output/table.ts';
import { humanMemory } from '../output/words.ts';

const rowsMax = 50;

export function simulationText(answer: SimulateResponse): string {
  const { steps, moves, moveCount, started, ended, waits, notes } = answer;
  const parts: string[] = [];
  if (steps.length > 0) parts.push(`If: ${steps.join(', then ')}. Nothing is changed.\n`);
  if (notes.length > 0) parts.push(notes.map((note) => `Note: ${note}.\n`).join(''));
  const counts = [
    moveCount === 0 ? 'Nothing moves' : `${tasks(moveCount)} ${moveCount === 1 ? 'moves' : 'move'}`,
    ...(started > 0 ? [`${started} more would run`] : []),
    ...(ended > 0 ? [`${ended} fewer would run`] : []),
  ];
  const shown = moves.slice(0, rowsMax);
  const table = renderTable(
    ['TASK', 'FROM', 'TO'],
    shown.map((move) => [move.taskName, move.fromHostname, move.toHostname]),
  );
  const rest = moveCount > shown.length ? `and ${moveCount - shown.length} more\n` : '';
  parts.push(`${counts.join(', ')}.\n${moveCount === 0 ? '' : `\n${table}${rest}`}`);
  if (waits.length > 0) {
    const waiting = waits.reduce((sum, { count }) => sum + count, 0);
    const lines = waits.map(
      ({ serviceName, count, summary }) => `  ${serviceName} (${tasks(count)}): ${summary}\n`,
    );
    parts.push(`${tasks(waiting)} would wait for a node:\n${lines.join('')}`);
  }
  parts.push(useTable(answer.nodes));
  return parts.join('\n');
}

function tasks(count: number): string {
  return count === 1 ? '1 task' : `${count} tasks`;
}

function useTable(nodes: readonly NodeUse[]): string {
  const rows = nodes.slice(0, rowsMax).map((node) => {
    const { cpuNano = 0, memoryBytes = 0 } = node.capacity ?? {};
    const cpus = (value: number): string => String(Number((value / 1e9).toFixed(2)));
    return [
      node.hostname,
      change(node.tasksBefore, node.tasksAfter, String),
      `${change(node.cpuNanoBefore, node.cpuNanoAfter, cpus)} of ${cpus(cpuNano)}`,
      `${change(node.memoryBytesBefore, node.memoryBytesAfter, humanMemory)} of ${humanMemory(memoryBytes)}`,
      node.what,
    ];
  });
  const table = renderTable(['NODE', 'TASKS', 'CPU RESERVED', 'MEMORY RESERVED', ''], rows);
  return nodes.length > rows.length ? `${table}and ${nodes.length - rows.length} more\n` : table;
}

function change(before: number, after: number, word: (value: number) => string): string {
  return before === after ? word(after) : `${word(before)} -> ${word(after)}`;
}
