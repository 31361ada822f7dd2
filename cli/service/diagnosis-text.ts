/** What nodes have seen of the networks, as a table and a paragraph for each problem. Pure. */
import type { DiagnoseNetworksResponse, NetworkCheck, NodeNetworkChecks } from '#proto';
import { renderTable } from '../output/table.ts';

const checkNames = ['reach', 'mtu', 'checksum', 'data-path', 'ports', 'names', 'entries'] as const;

const withoutControls = (text: string): string => text.replace(/\p{Cc}/gu, ' ');

export function diagnosisText({ nodes, problems }: DiagnoseNetworksResponse): string {
  if (nodes.length === 0) return 'no node to ask\n';
  const heads = ['NODE', ...checkNames.map((name) => name.toUpperCase())];
  const table = renderTable(heads, nodes.map(rowOf));
  if (problems.length === 0) return `${table}\nno problems\n`;
  const paragraphs = problems.map(
    ({ check, what, evidence, remedy }, i) =>
      `\n${i + 1}. ${check}: ${withoutControls(what)}\n` +
      `   seen: ${withoutControls(evidence)}\n` +
      `   mend: ${withoutControls(remedy)}\n`,
  );
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return `${table}${paragraphs.join('')}\n${count}\n`;
}

function rowOf({ nodeHostname, error, checks }: NodeNetworkChecks): readonly string[] {
  const cells = checkNames.map((name) => {
    if (error !== '') return '-';
    return cellOf(checks.find((check) => check.name === name));
  });
  return [error === '' ? nodeHostname : `${nodeHostname} (no answer)`, ...cells];
}

/** Nothing to look at is `-`; otherwise how many are well, or how many are not. */
function cellOf(check: NetworkCheck | undefined): string {
  if (check === undefined || (check.lookedAt === 0 && check.wrong === 0)) return '-';
  if (check.wrong > 0) return `${check.wrong} wrong`;
  const { lookedAt, leftOut } = check;
  return leftOut === 0 ? `ok ${lookedAt}` : `ok ${lookedAt} of ${lookedAt + leftOut}`;
}
