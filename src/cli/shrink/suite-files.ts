/** The files of a suite of recorded reviews. */
import { commented, type Tree, yamlDocuments } from '../../install/yaml.ts';
import { printable } from '../../image/quote.ts';
import type { Finding } from '../../policy/finding.ts';
import type { DecisionClass } from '../../recording/decision-class.ts';
import { reviewsText } from '../../report/suggest-steps.ts';
import type { NewFile } from '../new-files.ts';
import type { Smallest } from './smallest.ts';

/** Directory of the reviews, beside the suite. */
export const REVIEWS = 'reviews';
export const SUITE = 'suite.yaml';

const DIGITS = 12;

/** Names of kinds come from requests, so names of files have only some of their characters. */
export function reviewName({ decisionClass, digest }: Smallest): string {
  const { kind, operation, subResource, allowed } = decisionClass;
  const parts = [kind, subResource, operation, allowed ? 'allowed' : 'denied'].map(fileWord).filter(Boolean);
  return `${parts.join('-')}-${digest.slice(0, DIGITS)}.ndjson`;
}

/** The digest in the name of such a file; undefined: the file has another name. */
export function digestInName(name: string): string | undefined {
  return /^[a-z0-9-]+-([0-9a-f]{12})\.ndjson$/.exec(name)?.[1];
}

function fileWord(text: string): string {
  return text
    .slice(0, 40)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}

export function reviewFiles(all: readonly Smallest[]): readonly NewFile[] {
  return all.map((one) => ({ path: `${REVIEWS}/${reviewName(one)}`, text: one.text }));
}

/** `policies`: relative to the suite; empty: the built-in policy. */
export function suiteText(all: readonly Smallest[], policies: readonly string[]): string {
  const names = uniqueNames(all.map(({ decisionClass }) => caseName(decisionClass)));
  const cases = all.map((one, index) =>
    commented(`The smallest of ${reviewsText(one.reviews)}`, {
      name: names[index] ?? '',
      reviews: [`${REVIEWS}/${reviewName(one)}`],
      expect: one.findings.length === 0 ? 'pass' : one.findings.map(expectation),
    }),
  );
  return yamlDocuments([
    {
      apiVersion: 'tidewaiter.dev/v1alpha1',
      kind: 'ImagePolicyTest',
      metadata: { name: 'recorded' },
      spec: { ...(policies.length === 0 ? {} : { policies }), cases },
    },
  ]);
}

function expectation({ policy, rule, action, outcome, container }: Finding): Tree {
  const { name } = container ?? {};
  return { policy, rule, action, outcome, ...(name === undefined || name === '' ? {} : { container: name }) };
}

const MAX_NAME = 60;
const MAX_RULES = 4;

/** `CREATE Pod, denied: image-tag deny, image-digest warn` */
function caseName({ kind, operation, subResource, allowed, findings }: DecisionClass): string {
  const object = printable(subResource === '' ? kind : `${kind}/${subResource}`, MAX_NAME);
  const rules = findings.map(
    ({ rule, action, outcome }) => `${rule} ${outcome === 'violation' ? '' : 'unknown '}${action}`,
  );
  const more = rules.length > MAX_RULES ? `, and ${rules.length - MAX_RULES} more` : '';
  const found = rules.length === 0 ? '' : `: ${rules.slice(0, MAX_RULES).join(', ')}${more}`;
  return `${operation} ${object}, ${allowed ? 'allowed' : 'denied'}${found}`;
}

/** Kinds of different groups, and policies with the same rules, have equal names. */
function uniqueNames(names: readonly string[]): readonly string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const number = (seen.get(name) ?? 0) + 1;
    seen.set(name, number);
    return number === 1 ? name : `${name} (${number})`;
  });
}
