/** Templates of YAML, which users often take for manifests. */
import { quoteValue } from '../../image/quote.ts';
import type { Problem } from './problems.ts';

/** Text that a template engine would replace. */
interface Expression {
  readonly from: number;
  readonly to: number;
  /** True if ordinary YAML is unlikely to contain it. */
  readonly sure: boolean;
}

/** Starts of expressions. */
const OPENING = /\{\{|\{[%#]|\{(?=[A-Z])|<%|%\{|\$\{|%%|@/g;
/** Go templates, Jinja, and Mustache. Braces and "key: value" are in quotes there; everything else is a map in a map. */
const ACTION = /\{\{-?\{?(?:"(?:[^"\\\n]|\\.)*"|`[^`]*`|:(?!\s)|[^{}"`:])*\}\}/y;
const GO_COMMENT = /\{\{-?\s*\/\*/y;
const GO_COMMENT_END = /\*\/\s*-?\}\}/y;
/** Jinja, ERB and EJS. */
const BLOCK_ENDS: Readonly<Record<string, string>> = { '{%': '%}', '{#': '#}', '<%': '%>' };
/** Terraform, GitHub Actions and OpenShift, envsubst, and names between signs or in braces. */
const PLACEHOLDER = /\{[A-Z][A-Z\d_]*\}|%\{[^\n{}]*\}|\$\{\{[^\n{}]*\}\}|\$\{[^\n{}]*\}|%%\w+%%|@@\w+@@|@\w+@/y;

/** Takes time proportional to the text, because an end that is missing is searched once. */
function expressionsIn(text: string): readonly Expression[] {
  const found: Expression[] = [];
  const next = finder(text);
  const opening = new RegExp(OPENING);
  for (let open = opening.exec(text); open !== null; open = opening.exec(text)) {
    const { index: from, 0: sign } = open;
    const end = endOfSure(text, from, next) ?? endOfMatch(PLACEHOLDER, text, from);
    if (end !== undefined) found.push({ from, to: end, sure: sign === '{{' || sign in BLOCK_ENDS });
    opening.lastIndex = end ?? from + 1;
  }
  return found;
}

/** Returns the offset of a text at or after an offset; offsets must not decrease between calls. */
type Find = (what: string, from: number) => number | undefined;

function finder(text: string): Find {
  const last = new Map<string, number>();
  return (what, from) => {
    let at = last.get(what) ?? -1;
    if (at < from) {
      at = text.indexOf(what, from);
      last.set(what, at === -1 ? Infinity : at);
    }
    return at === -1 || at === Infinity ? undefined : at;
  };
}

function endOfSure(text: string, from: number, next: Find): number | undefined {
  const close = BLOCK_ENDS[text.slice(from, from + 2)];
  if (close !== undefined) return behind(close, next(close, from + 2));
  const comment = endOfMatch(GO_COMMENT, text, from);
  if (comment === undefined) return endOfMatch(ACTION, text, from);
  const end = next('*/', comment);
  return end === undefined ? undefined : endOfMatch(GO_COMMENT_END, text, end);
}

function behind(what: string, at: number | undefined): number | undefined {
  return at === undefined ? undefined : at + what.length;
}

function endOfMatch(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

const REPLACED = '\uE000';
/** Matches an expression alone on its line, which can print any number of lines. */
const WHOLE_LINE = /^[ \t]*\uE000[ \t\uE000]*\r?$/gm;

/** Replaces each expression with a word and keeps everything else at its offset. */
function rendered(text: string, expressions: readonly Expression[]): string {
  const parts: string[] = [];
  let end = 0;
  for (const { from, to } of expressions) {
    parts.push(text.slice(end, from), REPLACED.repeat(to - from));
    end = to;
  }
  parts.push(text.slice(end));
  return parts
    .join('')
    .replaceAll(WHOLE_LINE, (line) => ' '.repeat(line.length))
    .replaceAll(REPLACED, 'x');
}

/** A text without its expressions, and those alone on their lines. */
export interface Blanked {
  readonly text: string;
  readonly lines: readonly { readonly from: number; readonly source: string }[];
}

/** Replaces each expression, as `templateFault` does. All other text keeps its offset. */
export function withoutExpressions(text: string): Blanked {
  if (!text.includes('{{')) return { text, lines: [] };
  const expressions = expressionsIn(text).filter(({ from }) => text.startsWith('{{', from));
  const lines = expressions
    .map(({ from, to }) => ({ from, source: text.slice(from, to) }))
    .filter(({ from, source }) => isAlone(text, from, from + source.length));
  return { text: rendered(text, expressions), lines };
}

function isAlone(text: string, from: number, to: number): boolean {
  const end = text.indexOf('\n', to);
  const before = text.slice(text.lastIndexOf('\n', from - 1) + 1, from);
  return before.trim() === '' && text.slice(to, end === -1 ? undefined : end).trim() === '';
}

/**
 * Returns the template expression that causes the fault of a text, if any. `faultIn` returns the offset of the fault of another
 * text.
 */
export function templateFault(
  text: string,
  fault: number,
  faultIn: (text: string) => number | undefined,
): Problem | undefined {
  const expressions = expressionsIn(text);
  const cause = nearest(text, fault, expressions);
  if (cause === undefined) return undefined;
  const remaining = faultIn(rendered(text, expressions));
  const isCause = remaining === undefined || (cause.sure && (cause.isAt || (cause.isOnLine && remaining !== fault)));
  if (!isCause) return undefined;
  // A literal can be a secret, such as a default password.
  const shown = text
    .slice(cause.from, cause.to)
    .replaceAll(COMMENT, '/* … */')
    .replaceAll(LITERALS, '"…"')
    .replaceAll(/\s+/g, ' ');
  const isHelm = IN_HELM.test(shown) && !expressions.some(({ from }) => text.startsWith('{%', from));
  return { offset: cause.from, problem: isHelm ? helmWords(shown) : templateWords(shown), isTemplate: true };
}

interface Cause extends Expression {
  /** True if the expression contains the fault. */
  readonly isAt: boolean;
  readonly isOnLine: boolean;
}

/** The expression at the fault, on its line, before it, or the first one, in this order. */
function nearest(text: string, fault: number, expressions: readonly Expression[]): Cause | undefined {
  const end = text.indexOf('\n', fault);
  const line = { from: text.lastIndexOf('\n', fault - 1) + 1, to: end === -1 ? text.length : end };
  const onLine = expressions.filter(({ from, to }) => from < line.to && to > line.from);
  const at = onLine.find(({ from, to }) => from <= fault && fault < to);
  const there = at ?? onLine.find(({ sure }) => sure) ?? onLine[0];
  const found = there ?? expressions.findLast(({ from }) => from < fault) ?? expressions[0];
  return found && { ...found, isAt: at !== undefined, isOnLine: there !== undefined };
}

/** Literals, except the names of templates. */
const LITERALS = /(?<!\b(?:include|template|define|block)\s+)"(?:[^"\\\n]|\\.)*"|`[^`]*`|'[^'\n]*'/g;
const COMMENT = /\/\*[^]*?\*\//g;

/** Matches signs of Mustache that Go templates do not have. */
const IN_HELM = /^\{\{(?![#/^!>&{]|\/(?!\*))|^\{\{\/\*/;
const MAX_SHOWN = 60;

function helmWords(action: string): string {
  return `${quoteValue(action, MAX_SHOWN)} is a Helm template expression, not YAML; use the output of helm template CHART (to pin images, use the chart's values file and --helm-image)`;
}

function templateWords(expression: string): string {
  return `${quoteValue(expression, MAX_SHOWN)} is a template expression, not YAML; render the template first`;
}
