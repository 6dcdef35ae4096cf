/**
 * The configuration of k8s-image-swapper: every image goes to one registry, below the full name that it has, in containers and init
 * containers of Pods. Filters name what stays; only the forms of its documentation are read.
 */
import { quoteValue } from '../../image/quote.ts';
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import type { ClauseDocument } from '../../policy/clause.ts';
import {
  type Converted,
  type Left,
  listOf,
  MAX_ITEMS,
  objectOf,
  PLAIN_CONTAINERS,
  type SourceDocument,
  textOf,
  TOO_MANY_ITEMS,
} from './converted.ts';

export function readImageSwapper({ value, lineOf }: SourceDocument): Converted | undefined {
  // The values of its Helm chart have the configuration in a key.
  const [config, root] = isObject(value) && isObject(value['config']) ? [value['config'], '/config'] : [value, ''];
  if (!isObject(config) || !isObject(config['target'])) return undefined;
  const to = targetOf(config['target']);
  const line = lineOf(`${root}/target`);
  if ('problem' in to) return { policies: [], left: [{ line, what: 'target', why: to.problem }] };
  const { match, exclude, left } = scopeOf(config, (pointer) => lineOf(`${root}${pointer}`));
  if (left.length > 0) return { policies: [], left };
  const when = config['imageSwapPolicy'] === 'always' ? 'always' : 'available';
  const entry = { from: '**', to: `${to.name}/**`, when, mode: 'pod', line, source: 'target' } as const;
  return { policies: [{ name: 'k8s-image-swapper', match, exclude, isSequential: false, entries: [entry] }], left };
}

function targetOf(target: JsonObject): { readonly name: string } | { readonly problem: string } {
  const type = textOf(target['type'] ?? 'aws');
  const settings = target[type];
  const text = (key: string): string => {
    return isObject(settings) ? textOf(settings[key]) : '';
  };
  if (type === 'aws') return awsTarget(text);
  if (type === 'gcp') {
    const missing = ['location', 'projectId', 'repositoryId'].find((key) => text(key) === '');
    return missing === undefined
      ? { name: `${text('location')}-docker.pkg.dev/${text('projectId')}/${text('repositoryId')}` }
      : { problem: `gcp.${missing} is required` };
  }
  return { problem: `unknown type ${quoteValue(type, 80)} (expected "aws" or "gcp")` };
}

function awsTarget(text: (key: string) => string): { readonly name: string } | { readonly problem: string } {
  const [account, region, prefix] = [text('accountId'), text('region'), text('prefix').replace(/\/+$/, '')];
  if (account === '') return { problem: 'aws.accountId is required' };
  if (region === '') return { problem: 'aws.region is required' };
  if (prefix !== '' && !prefix.startsWith('/')) return { problem: 'aws.prefix does not start with "/"' };
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return { name: `${account}.dkr.ecr.${region}.${domain}${prefix}` };
}

interface SwapperScope {
  readonly match: ClauseDocument;
  readonly exclude: ClauseDocument;
  readonly left: readonly Left[];
}

function scopeOf({ source }: JsonObject, lineOf: (pointer: string) => number): SwapperScope {
  const filters = listOf(objectOf(source)['filters']);
  const left: Left[] = [];
  const read = filters.slice(0, MAX_ITEMS).flatMap((filter, index) => {
    const text = textOf(objectOf(filter)['jmespath']);
    const meaning = meaningOf(text.slice(0, MAX_FILTER));
    if (meaning !== undefined) return [meaning];
    left.push({ line: lineOf(`/source/filters/${index}`), what: `filter ${quoteValue(text, 120)}`, why: UNREAD });
    return [];
  });
  const namespaces = read.flatMap(({ excluded }) => excluded ?? []);
  const only = read.flatMap(({ only: name }) => name ?? []);
  const images = [...new Set(read.flatMap(({ image }) => image ?? []))];
  const isMixed = namespaces.some((name) => name.includes('*')) && images.length > 0;
  const why = filters.length > MAX_ITEMS ? TOO_MANY_ITEMS : MIXED;
  if (only.length > 1 || isMixed || filters.length > MAX_ITEMS)
    left.push({ line: lineOf('/source/filters'), what: 'source.filters', why });
  const match = { containers: PLAIN_CONTAINERS, ...(only.length > 0 && { namespaces: only }) };
  return { ...clausesOf({ match, namespaces, images }), left };
}

interface Excluded {
  readonly match: ClauseDocument;
  readonly namespaces: readonly string[];
  readonly images: readonly string[];
}

/** All keys of `exclude` must match, so it cannot have both. */
function clausesOf({ match, namespaces: values, images }: Excluded): Pick<SwapperScope, 'match' | 'exclude'> {
  if (images.length === 0) return { match, exclude: values.length === 0 ? {} : { namespaces: values } };
  const named = { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn' as const, values }] };
  return { match: values.length === 0 ? match : { ...match, namespaceSelector: named }, exclude: { images } };
}

const MAX_FILTER = 500;
const WIDER = 'without it, the policy would change more images, so nothing is written';
const UNREAD = `only comparisons of the namespace, and the filter for images in Amazon ECR, are converted; ${WIDER}`;
const MIXED = `a policy cannot exclude namespaces by a part of their name and also images, or require two names; ${WIDER}`;

interface Meaning {
  /** Namespaces whose images stay: globs. */
  readonly excluded?: string;
  /** The namespace whose images change. */
  readonly only?: string;
  /** Images that stay. */
  readonly image?: string;
}

const NAMESPACE = String.raw`obj\.metadata\.namespace`;
const NAME = String.raw`'([a-z0-9-]{1,63})'`;
const FORMS: readonly (readonly [RegExp, (name: string) => Meaning])[] = [
  [new RegExp(`^${NAMESPACE} ?== ?${NAME}$`), (excluded) => ({ excluded })],
  [new RegExp(`^${NAMESPACE} ?!= ?${NAME}$`), (only) => ({ only })],
  [new RegExp(String.raw`^ends_with\(${NAMESPACE}, ?${NAME}\)$`), (end) => ({ excluded: `*${end}` })],
  [new RegExp(String.raw`^starts_with\(${NAMESPACE}, ?${NAME}\)$`), (start) => ({ excluded: `${start}*` })],
  [
    /^contains\(container\.image, ?'\.dkr\.ecr\.'\) ?&& ?contains\(container\.image, ?'\.amazonaws\.com'\)$/,
    () => ({ image: '*.dkr.ecr.*.amazonaws.com/**' }),
  ],
];

function meaningOf(text: string): Meaning | undefined {
  for (const [form, meaning] of FORMS) {
    const found = form.exec(text.trim());
    if (found !== null) return meaning(found[1] ?? '');
  }
  return undefined;
}
