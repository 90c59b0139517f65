import type { CheckStatus, Finding } from './check.ts';
import { type HostReport, refusals } from './judge.ts';

const TITLES: Readonly<Record<CheckStatus, string>> = {
  ok: 'Strong',
  weak: 'Weak',
  missing: 'Missing',
  unknown: 'Not seen from here',
};
const ORDER: readonly CheckStatus[] = ['missing', 'weak', 'unknown', 'ok'];

/** The report for a person: worst first, each with its fix. Ends without a newline. */
export function hostReportText(report: HostReport): string {
  const refused = new Set(refusals(report));
  const groups = ORDER.flatMap((status) => {
    const found = report.findings.filter((finding) => finding.status === status);
    return found.length === 0 ? [] : [[TITLES[status], ...found.map((finding) => lineOf(finding, refused))].join('\n')];
  });
  return groups.join('\n\n');
}

function lineOf(finding: Finding, refused: ReadonlySet<Finding>): string {
  const { id, status, found, why, fix } = finding;
  if (status === 'ok') return `  ${id}: ${found}`;
  const mark = refused.has(finding) ? ' (required: no job is taken)' : '';
  return `  ${id}: ${found}${mark}\n      ${why}\n      → ${fix}`;
}
