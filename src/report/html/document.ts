/** The HTML file: the built page with a title, the data, and what is shown without scripts. */
import { deflateRawSync } from 'node:zlib';
import type { Rule, RuleDocs } from '../../policy/rule.ts';
import { loadPage } from './asset.ts';
import { pack } from './pack.ts';
import { plainPage, titleOf } from './plain.ts';
import type { ReportData, ReportOrigin, RuleText, Run } from './report-data.ts';

/** What the report says about a rule. */
export type ReportedRule = Pick<Rule, 'name' | 'description'> & { readonly docs?: Pick<RuleDocs, 'why'> | undefined };

interface DocumentInput {
  readonly runs: readonly Run[];
  readonly rules: readonly ReportedRule[];
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly origin?: ReportOrigin | undefined;
}

const NO_ORIGIN: ReportOrigin = { command: null, policyPlaces: {}, linkBase: null };

export function htmlDocument({ runs, rules, version, now, origin = NO_ORIGIN }: DocumentInput): string {
  const data: ReportData = {
    version: 1,
    tool: `tidewaiter ${version}`,
    created: new Date(now).toISOString(),
    rules: ruleTexts(runs, rules),
    origin,
    runs,
  };
  return htmlReport(data);
}

export function htmlReport(data: ReportData): string {
  return fillPage(loadPage(), { title: titleOf(data), plain: plainPage(data), data: compact(escapeJson(pack(data))) });
}

/** A larger report is compressed, so that it fits into a mail, and because browsers read text slowly. */
const MAX_PLAIN = 1024 * 1024;

/** The page tells both forms apart by the first character: JSON begins with a brace, which base64 does not have. */
function compact(json: string): string {
  return json.length <= MAX_PLAIN ? json : deflateRawSync(json).toString('base64');
}

/** Only the rules of findings. */
function ruleTexts(runs: readonly Run[], rules: readonly ReportedRule[]): Readonly<Record<string, RuleText>> {
  const used = new Set(runs.flatMap(({ findings }) => findings.map(({ rule }) => rule)));
  const texts = rules
    .filter(({ name }) => used.has(name))
    .map(({ name, description, docs }) => [name, { description, why: docs?.why ?? null }] as const);
  return Object.fromEntries(texts);
}

/** The places of the page that each report fills. The build checks that it has each of them once. */
const PLACES = { title: '<!--title-->', plain: '<!--plain-->', data: '<!--data-->' } as const;

function fillPage(page: string, texts: Readonly<Record<keyof typeof PLACES, string>>): string {
  let filled = '';
  let rest = page;
  // In the order of the page. A text is never searched for places.
  for (const name of ['title', 'plain', 'data'] as const) {
    const at = rest.indexOf(PLACES[name]);
    if (at < 0) throw new RangeError(`the page of the HTML report has no ${PLACES[name]}`);
    filled += rest.slice(0, at) + texts[name];
    rest = rest.slice(at + PLACES[name].length);
  }
  return filled + rest;
}

/** JSON that cannot end a script element, and has no character that changes how the source of the file looks. */
function escapeJson(json: string): string {
  return json.replaceAll(
    /[<>&\u007F-\u009F\u00AD\u061C\u200B-\u200F\u2028-\u202E\u2060-\u206F\uD800-\uDFFF\uFEFF]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
