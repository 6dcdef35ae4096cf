/** The new image in a policy of Kyverno -> pairs of `from` and `to`. */
import { quoteValue } from '../../image/quote.ts';
import type { JsonObject } from '../../pod/pointer.ts';
import { listOf, objectOf, type ReadOptions, textOf } from './converted.ts';
import { parseExpression } from './expression.ts';
import type { ImageChange } from './kyverno-changes.ts';
import { narrowingConditions } from './kyverno-scope.ts';
import { imagesBeginningWith, selectedImages } from './name-prefix.ts';

export interface Pair {
  readonly from: string;
  readonly to: string;
}

export interface Renamings {
  readonly pairs: readonly Pair[];
  /** Why some, or all, are not converted. */
  readonly problem?: string;
}

const MAX_LENGTH = 1000;

export function renamingsOf({ image, element, list }: ImageChange, options: ReadOptions): Renamings {
  const text = image.length > MAX_LENGTH ? '' : image.trim();
  const facts = FROM_FACTS.exec(text);
  const conditions = narrowingConditions(element?.['preconditions'], [list]);
  if (facts !== null) return fromFacts(facts, objectOf(element), conditions);
  if (conditions.length > 0) return none('its preconditions are not converted, and without them more would change');
  const parts = FROM_PARTS.exec(text);
  if (parts !== null) return fromParts(parts, element && list, options);
  const [, name, ...given] = CALL.exec(text) ?? [];
  if (name === undefined) return none(`${quoteValue(image, 120)} is not a known form`);
  const [first, second, to] = given.map((argument) => argument.replace(/^'(.*)'$/s, '$1').replaceAll('\\\\', '\\'));
  return renamingsBy({ name, first, second, to }, options);
}

interface Call {
  readonly name: string;
  readonly first?: string | undefined;
  readonly second?: string | undefined;
  readonly to?: string | undefined;
}

function renamingsBy({ name, first = '', second = '', to = '' }: Call, options: ReadOptions): Renamings {
  const isPlain = name === 'replace_all';
  if (!isImage(isPlain ? first : second)) return none(OTHER_TEXT);
  return isPlain
    ? beginningWith(second, to)
    : replaced(first, to, { isLiteral: name !== 'regex_replace_all', options });
}

function isImage(argument: unknown): boolean {
  return IMAGES.has(textOf(argument).replaceAll(' ', ''));
}

const OTHER_TEXT = 'it does not read the image of the container';
const ARGUMENT = String.raw`('(?:[^'\\]|\\.)*'|element\.image|@)`;
const CALL = new RegExp(
  String.raw`^\{\{ ?(regex_replace_all|regex_replace_all_literal|replace_all)\( ?${ARGUMENT} ?, ?${ARGUMENT} ?, ?${ARGUMENT} ?\) ?\}\}$`,
  's',
);
const IMAGES = new Set(['element.image', '{{element.image}}', '{{@}}', '@']);

function none(problem: string): Renamings {
  return { pairs: [], problem };
}

/** `HOST/{{imageData.repository}}:{{imageData.identifier}}`, for images of Docker Hub. */
const FROM_FACTS = /^([\w./:-]+)\/\{\{ ?(\w+)\.repository ?\}\}:\{\{ ?\2\.identifier ?\}\}$/;

function fromFacts(found: RegExpExecArray, element: JsonObject, conditions: readonly unknown[]): Renamings {
  const [, to = '', name = ''] = found;
  const source = listOf(element['context'])
    .map(objectOf)
    .find((entry) => entry['name'] === name);
  if (!isImage(objectOf(source?.['imageRegistry'])['reference'])) return none(OTHER_TEXT);
  const [condition] = conditions;
  const { key, operator, value } = objectOf(condition);
  const isKnown = /^Equals?$/.test(textOf(operator)) && textOf(key).replaceAll(' ', '') === `{{${name}.registry}}`;
  if (conditions.length !== 1 || !isKnown) return none('its precondition does not select one registry');
  return beginningWith(`${value === 'index.docker.io' ? 'docker.io' : textOf(value)}/`, `${to}/`);
}

/** `HOST/{{images.containers."{{element.name}}".path}}:{{images.containers."{{element.name}}".tag}}`; the path is as written. */
const FROM_PARTS =
  /^([\w./:-]+)\/\{\{ ?images\.(\w+)\."\{\{ ?element\.name ?\}\}"\.path ?\}\}:\{\{ ?images\.\2\."\{\{ ?element\.name ?\}\}"\.tag ?\}\}$/;

/** `list`: of the elements. */
function fromParts([, to = '', imagesOf]: RegExpExecArray, list: string | undefined, options: ReadOptions): Renamings {
  return imagesOf === list ? fromAnyRegistry(`${to}/`, options) : none(OTHER_TEXT);
}

/** Replaces the text at the start of the name. */
function beginningWith(text: string, to: string): Renamings {
  const selected = imagesBeginningWith(text);
  if (!selected.ok) return none(selected.problem);
  const isPart = text.includes('/') && !text.endsWith('/');
  if (text.endsWith('/') !== to.endsWith('/'))
    return none(`${quoteValue(text, 80)} and ${quoteValue(to, 80)} do not both end with "/"`);
  const separator = isPart || to.endsWith('/') ? '' : '/';
  return { pairs: [{ from: selected.from, to: `${to}${separator}${isPart ? '*/**' : '**'}` }] };
}

interface Replacing {
  /** `$1` in the replacement is text. */
  readonly isLiteral: boolean;
  readonly options: ReadOptions;
}

function replaced(expression: string, to: string, { isLiteral, options }: Replacing): Renamings {
  const [, prefix] = /^(.*)\(\.[*+]\)\$?$/s.exec(expression) ?? [];
  if (prefix === undefined) return beginnings(expression, to);
  const kept = isLiteral ? undefined : keptText(to, (prefix.match(/(?<!\\)\((?!\?)/g)?.length ?? 0) + 1);
  if (kept === undefined) return none(`the replacement ${quoteValue(to, 80)} is not a text and then the last group`);
  return ANY_REGISTRY.has(prefix.replaceAll('(?:', '(')) ? fromAnyRegistry(kept, options) : beginnings(prefix, kept);
}

/** The text before the group with this number, which ends the replacement. */
function keptText(to: string, group: number): string | undefined {
  const [, text, plain, braced] = /^([^$]*)\$(?:(\d)|\{(\d)\})$/.exec(to) ?? [];
  return Number(plain ?? braced) === group ? text : undefined;
}

/** The forms of the samples for "a registry, or nothing", without `?:`. */
const ANY_REGISTRY = new Set([
  '^(localhost/|([a-z0-9]+\\.)+[a-z0-9]+/)?',
  '^(([a-z0-9]+\\.)+[a-z0-9]+/)?',
  '^([^/]+\\.[^/]+/)?',
]);

/** Images as written have no `library/`; a name with it is the same image. */
function fromAnyRegistry(to: string, { registries }: ReadOptions): Renamings {
  if (!to.endsWith('/')) return none(`the replacement ${quoteValue(to, 80)} does not end with "/"`);
  const named = registries.length === 0 ? ['docker.io'] : registries;
  const pairs = named.flatMap((registry): readonly Pair[] => [
    ...(registry === 'docker.io' ? [{ from: 'docker.io/library/*', to: `${to}*` }] : []),
    { from: `${registry}/**`, to: `${to}**` },
  ]);
  if (registries.length > 0) return { pairs };
  return {
    pairs,
    problem:
      'it drops the names of all registries, so that their images would get the same name; converted for images of Docker Hub only, name the registries with --registry',
  };
}

function beginnings(expression: string, to: string): Renamings {
  const parsed = parseExpression(expression);
  if (!parsed.ok) return none(parsed.problem);
  const read = parsed.ways.map((way) => {
    const [text, ...more] = way.tokens;
    if (text === undefined) return none('it also matches names without a registry');
    if (more.length > 0 || typeof text !== 'string' || way.isWhole) {
      const selected = selectedImages(way);
      return none(selected.ok ? 'it replaces more than a text at the start of the name' : selected.problem);
    }
    return beginningWith(text, to);
  });
  const problem = read.find((one) => one.problem !== undefined)?.problem;
  return { pairs: read.flatMap(({ pairs }) => pairs), ...(problem !== undefined && { problem }) };
}
