/** What the file shows where scripts do not run, such as a mail preview: the verdict, and what is denied, as plain HTML. */
import { escapeUnprintable } from '../../image/quote.ts';
import type { Part, ReportData, ReportFinding, Review, Run } from './report-data.ts';
import { plainText } from './sentence.ts';

const MAX_ROWS = 50;

/** Returns text for HTML elements and quoted attributes. */
export function escapeHtml(text: string): string {
  return escapeUnprintable(text).replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The verdict of the first run. */
export function titleOf({ runs: [run] }: ReportData): string {
  return escapeHtml(plainText(run?.verdict ?? []));
}

export function plainPage({ runs: [run] }: ReportData): string {
  if (run === undefined) return '';
  const denied = run.findings.filter(({ after, before }) => after === 'deny' && before !== 'deny');
  const rows = denied.slice(0, MAX_ROWS).map((finding) => rowOf(finding, run.reviews[finding.review]));
  const more = denied.length > rows.length ? `<p>${denied.length - rows.length} more denials are not listed.</p>` : '';
  const errors = run.errors.map(
    ({ place, message }) => `<li>${escapeHtml(place === null ? message : `${place}: ${message}`)}</li>`,
  );
  return [
    `<h1>${sentence(run.verdict)}</h1><p>${sentence(run.because)}</p>`,
    '<p>Filters and details need JavaScript. Save this file and open it in a browser, or use <code>-o json</code>.</p>',
    errors.length === 0 ? '' : `<ul>${errors.join('')}</ul>`,
    agreementText(run),
    rows.length === 0
      ? ''
      : `<table><thead><tr><th>Workload<th>Problem<th>Rule<th>Place</tr></thead><tbody>${rows.join('')}</tbody></table>${more}`,
  ].join('');
}

function agreementText({ agreement }: Run): string {
  const counts = (agreement?.counts ?? []).map(
    ([number, title]) => `<li>${number.toLocaleString('en-US')} ${escapeHtml(title)}</li>`,
  );
  return counts.length === 0 ? '' : `<p>Compared with other policies:</p><ul>${counts.join('')}</ul>`;
}

function sentence(parts: readonly Part[]): string {
  return parts.map(([text, as]) => (as === 'code' ? `<code>${escapeHtml(text)}</code>` : escapeHtml(text))).join('');
}

function rowOf({ container, message, remedy, rule, file, line }: ReportFinding, review: Review | undefined): string {
  const { kind = '', namespace = null, name = '' } = review ?? {};
  const workload = `${kind} ${namespace === null ? '' : `${namespace}/`}${name}${container === null ? '' : ` > ${container}`}`;
  const fix = remedy === null ? '' : `<br>${escapeHtml(remedy)}`;
  const place = file === null ? '' : `${file}${line === null ? '' : `:${line}`}`;
  return `<tr><td>${escapeHtml(workload)}<td>${escapeHtml(message)}${fix}<td>${escapeHtml(rule)}<td>${escapeHtml(place)}</tr>`;
}
