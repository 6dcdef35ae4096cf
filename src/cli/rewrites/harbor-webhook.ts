/**
 * The configuration of harbor-container-webhook. Its expressions match full names (docker.io/library/nginx:latest); the first rule
 * that matches replaces the registry, in containers and init containers of Pods.
 */
import { quoteValue } from '../../image/quote.ts';
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import { parseExpression } from './expression.ts';
import {
  type Converted,
  type ConvertedEntry,
  type ConvertedPolicy,
  type Left,
  MAX_ITEMS,
  type Piece,
  PLAIN_CONTAINERS,
  type SourceDocument,
  convertEach,
  listOf,
  textOf,
  TOO_MANY_ITEMS,
} from './converted.ts';
import { type Selected, selectedImages } from './name-prefix.ts';

export function readHarborWebhook(document: SourceDocument): Converted | undefined {
  const { value } = document;
  if (!isObject(value)) return undefined;
  // The values of its Helm chart have a second list.
  const lists = ['rules', 'extraRules'].flatMap((key) => {
    const rules = value[key];
    return Array.isArray(rules) ? [{ key, rules: rules as readonly unknown[] }] : [];
  });
  const rules = lists.flatMap((list) => list.rules.map((rule, index) => ({ rule, at: `/${list.key}/${index}` })));
  if (!rules.some(({ rule }) => isObject(rule) && 'replace' in rule)) return undefined;
  const { entries, left } = convertEach(rules, ({ rule, at }) => convertRule(rule, at, document), {
    lineOf: ({ at }) => document.lineOf(at),
    sizeOf: (policy) => policy.entries.length,
  });
  return { policies: entries, left };
}

type SelectedImages = Extract<Selected, { readonly ok: true }>;

interface Selection {
  readonly found: readonly SelectedImages[];
  readonly left: readonly Left[];
}

function convertRule(rule: unknown, at: string, { lineOf }: SourceDocument): Piece<ConvertedPolicy> {
  const what = `rule ${quoteValue(nameOf(rule) ?? at, 80)}`;
  if (!isObject(rule) || typeof rule['replace'] !== 'string' || rule['replace'] === '')
    return { entries: [], left: [{ line: lineOf(at), what, why: 'it has no "replace"' }] };
  const excluded = selections(rule, 'excludes', { at, what, lineOf });
  if (excluded.left.length > 0) {
    const left = excluded.left.map((one) => ({
      ...one,
      why: `${one.why}; without it, the rule would change more images, so it is left out`,
    }));
    return { entries: [], left };
  }
  const matched = selections(rule, 'matches', { at, what, lineOf });
  const base = {
    when: rule['checkUpstream'] === true ? 'available' : 'always',
    mode: 'pod',
    line: lineOf(at),
    source: what,
  } as const;
  const to = rule['replace'].replace(/\/+$/, '');
  const entries = matched.found.map(({ from, tail }): ConvertedEntry => ({ ...base, from, to: `${to}/${tail}` }));
  const exclude = excluded.found.length === 0 ? {} : { images: excluded.found.map(({ from }) => from) };
  const policy: ConvertedPolicy = {
    name: nameOf(rule) ?? 'harbor-container-webhook',
    match: { containers: PLAIN_CONTAINERS },
    exclude,
    isSequential: false,
    entries,
  };
  return {
    entries: entries.length === 0 ? [] : [policy],
    left: [...matched.left, ...checkedOtherwise(rule, { at, what, lineOf })],
  };
}

interface Place extends Pick<SourceDocument, 'lineOf'> {
  readonly at: string;
  readonly what: string;
}

function selections(rule: JsonObject, key: 'matches' | 'excludes', { at, what, lineOf }: Place): Selection {
  const listed = listOf(rule[key]);
  const found = new Map<string, SelectedImages>();
  const left: Left[] = [];
  for (const [index, text] of listed.slice(0, MAX_ITEMS).entries()) {
    const place = { line: lineOf(`${at}/${key}/${index}`), what: `${what}, ${key} ${quoteValue(textOf(text), 80)}` };
    for (const one of selectedBy(textOf(text))) {
      if (one.ok) found.set(one.from, one);
      else left.push({ ...place, why: one.problem });
    }
  }
  const why = listProblem(listed, key);
  return { found: [...found.values()], left: why === undefined ? left : [...left, { line: lineOf(at), what, why }] };
}

function selectedBy(expression: string): readonly Selected[] {
  const parsed = parseExpression(expression);
  return parsed.ok ? parsed.ways.map(selectedImages) : [parsed];
}

function listProblem({ length }: readonly unknown[], key: 'matches' | 'excludes'): string | undefined {
  if (length === 0 && key === 'matches') return 'it matches no image';
  return length > MAX_ITEMS ? TOO_MANY_ITEMS : undefined;
}

/** What decides in that tool whether the new registry has the image. */
function checkedOtherwise(rule: JsonObject, { at, what, lineOf }: Place): readonly Left[] {
  if (rule['checkUpstream'] !== true) return [];
  const row = (key: string, why: string): readonly Left[] =>
    key in rule && rule[key] !== '' ? [{ line: lineOf(`${at}/${key}`), what: `${what}, ${key}`, why }] : [];
  return [
    ...row('platforms', 'the platforms of the new image are not checked; use the rule image-platform'),
    ...row('authSecretName', 'lookups use the pull secrets of the Pod; to add one to Pods, use pullSecrets'),
  ];
}

function nameOf(rule: unknown): string | undefined {
  const name = isObject(rule) ? rule['name'] : undefined;
  return typeof name === 'string' && name !== '' ? name : undefined;
}
