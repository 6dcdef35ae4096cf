/** Texts that are templates of YAML, and not yet YAML: what people most often take for manifests. */
import { quoteValue } from '../image/quote.ts';

/** Actions of Helm charts (Go templates); a comment may go over several lines. */
const ACTION = /\{\{-?\s*\/\*[^]*?\*\/\s*-?\}\}|\{\{[^\n]*?\}\}/g;
/** Alone on its line: it prints lines, or none. */
const WHOLE_LINE = /^([ \t]*)((?:(?:\{\{-?\s*\/\*[^]*?\*\/\s*-?\}\}|\{\{[^\n]*?\}\})[ \t]*)+)$/gm;
const MAX_SHOWN = 60;

export interface TemplateFault {
  readonly offset: number;
  /** A sentence fragment. */
  readonly problem: string;
}

/** What the text would be if each action printed a word; all else stands where it stood. */
function rendered(text: string): string {
  return text.replaceAll(WHOLE_LINE, blank).replaceAll(ACTION, (action) => 'x'.repeat(action.length));
}

function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, ' ');
}

/**
 * For a text that cannot be read at `fault`: the template in it, when that is why. `isReadable` tells of another text
 * whether it can be read.
 */
export function templateFault(
  text: string,
  fault: number,
  isReadable: (text: string) => boolean,
): TemplateFault | undefined {
  const other = otherLanguage(text, fault);
  if (other !== undefined) return other;
  if (!text.includes('{{')) return undefined;
  const action = nearest(text, fault);
  if (action === undefined) return undefined;
  const [shown = ''] = action;
  if (!lineAt(text, fault).text.includes('{{') && !isReadable(rendered(text))) return undefined;
  return { offset: action.index, problem: helmWords(shown) };
}

export function helmWords(action: string): string {
  return `${quoteValue(action, MAX_SHOWN)} is a Helm template expression, not YAML: render the chart first, for example helm template CHART | tidewaiter check -`;
}

/** On the line of the fault, else the last one before it, else the first. */
function nearest(text: string, fault: number): RegExpExecArray | undefined {
  const line = lineAt(text, fault);
  const actions = [...text.matchAll(ACTION)];
  return (
    actions.find(({ index }) => index >= line.from && index < line.to) ??
    actions.findLast(({ index }) => index < fault) ??
    actions[0]
  );
}

/** Jinja, and what is between percent signs (ERB, EJS). */
const OTHER = /\{%[^\n]*?%\}|\{#[^\n]*?#\}|<%[^\n]*?%>/;

function otherLanguage(text: string, fault: number): TemplateFault | undefined {
  const line = lineAt(text, fault);
  const found = OTHER.exec(line.text);
  if (found === null) return undefined;
  return {
    offset: line.from + found.index,
    problem: `${quoteValue(found[0], MAX_SHOWN)} is a template expression, not YAML: render the template first`,
  };
}

interface Line {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

function lineAt(text: string, offset: number): Line {
  const from = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  const to = end === -1 ? text.length : end;
  return { from, to, text: text.slice(from, to) };
}
