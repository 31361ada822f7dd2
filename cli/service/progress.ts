/** Draws a `ConvergenceView` as docker's users know it; pure: a view in, lines out. */
import { truncated } from '../output/table.ts';
import type { ConvergenceView, PlaceView } from './convergence.ts';

/** With more places than this, one bar stands for all. */
export const placeLinesMax = 20;
const barWidth = 50;

/** The order of states a task goes through, for the length of its bar. */
const steps = [
  'new',
  'pending',
  'assigned',
  'accepted',
  'preparing',
  'ready',
  'starting',
  'running',
] as const;

export function bar(part: number, whole: number): string {
  const filled = whole === 0 ? barWidth : Math.floor((barWidth * part) / whole);
  const head = filled >= barWidth ? '' : '>';
  return `[${'='.repeat(filled)}${head}${' '.repeat(Math.max(0, barWidth - filled - head.length))}]`;
}

export function overallLine(view: ConvergenceView): string {
  const text = `overall progress: ${view.done} out of ${view.desired} tasks`;
  return view.desired > placeLinesMax ? `${text} ${bar(view.done, view.desired)}` : text;
}

function placeLine(place: PlaceView, labelWidth: number): string {
  const label = `${place.label}:`.padEnd(labelWidth + 2);
  if (place.error !== '') return `${label}${place.state.padEnd(10)}${place.error}`;
  const step = steps.indexOf(place.state as (typeof steps)[number]);
  const drawn = step < 0 ? '' : ` ${bar(step, steps.length - 1)}`;
  return `${label}${place.state.padEnd(9)}${drawn}`;
}

/** What stands on the terminal at this moment, each line at most `columns` cells. */
export function progressLines(view: ConvergenceView, columns: number): string[] {
  const lines = [overallLine(view)];
  if (view.desired <= placeLinesMax) {
    const width = Math.max(0, ...view.places.map((place) => place.label.length));
    lines.push(...view.places.map((place) => placeLine(place, width)));
  } else {
    const errors = new Map<string, number>();
    for (const { error } of view.places)
      if (error !== '') errors.set(error, (errors.get(error) ?? 0) + 1);
    const worst = [...errors].sort((a, b) => b[1] - a[1]).slice(0, 3);
    lines.push(...worst.map(([error, count]) => `${count} tasks: ${error}`));
  }
  return lines.map((line) => truncated(line.replace(/\p{Cc}/gu, ' '), columns));
}

/** For a log or a pipe: the lines that say something that `before` did not. */
export function changedLines(
  before: ConvergenceView | undefined,
  view: ConvergenceView,
): readonly string[] {
  const lines: string[] = [];
  if (before === undefined || before.done !== view.done || before.desired !== view.desired)
    lines.push(`overall progress: ${view.done} out of ${view.desired} tasks`);
  const said = new Set(before?.places.map((place) => `${place.label} ${place.error}`));
  const fresh = view.places.filter(
    (place) => place.error !== '' && !said.has(`${place.label} ${place.error}`),
  );
  if (fresh.length <= placeLinesMax)
    lines.push(...fresh.map((place) => `${place.label}: ${place.state}: ${place.error}`));
  else if (fresh[0] !== undefined) lines.push(`${fresh.length} tasks: ${fresh[0].error}`);
  return lines;
}
