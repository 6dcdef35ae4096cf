/**
 * WWW-Authenticate, RFC 9110, 11.6.1:
 *
 *     challenges = challenge { "," challenge }          also over several header lines
 *     challenge  = scheme [ 1*SP ( token68 | param { "," param } ) ]
 *     param      = token BWS "=" BWS ( token | quoted-string )
 *
 * One comma separates challenges as well as their parameters: what follows it is a parameter exactly when "=" comes after the
 * name. Registries also write values without quotes that need them (realm=https://…), so those go up to a comma or a space.
 * The header is a stranger's text: one pass, nothing throws, and what makes no sense is left out.
 */
export interface Challenge {
  /** Lower case. */
  readonly scheme: string;
  /** By name in lower case; the first of each name. */
  readonly params: ReadonlyMap<string, string>;
}

interface ParseState {
  readonly text: string;
  at: number;
}

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const TOKEN68 = /[0-9A-Za-z\-._~+/]+=*(?=[ \t]*(?:,|$))/y;
const SEPARATORS = /[ \t,]+/y;
const SPACES = /[ \t]+/y;
const EQUALS = /[ \t]*=[ \t]*/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/sy;
const BARE = /[^ \t,"]*/y;
const REST = /[^,"]+/y;

export function parseChallenges(headers: readonly string[]): readonly Challenge[] {
  return headers.flatMap(parseHeader);
}

function parseHeader(text: string): readonly Challenge[] {
  const state: ParseState = { text, at: 0 };
  const found: { scheme: string; params: Map<string, string> }[] = [];
  while (state.at < text.length) {
    if (take(SEPARATORS, state) !== undefined) continue;
    const name = take(TOKEN, state)?.[0].toLowerCase();
    if (name === undefined) skip(state);
    else if (take(EQUALS, state) !== undefined) addParam(found.at(-1)?.params, name, valueAt(state));
    else {
      found.push({ scheme: name, params: new Map() });
      if (take(SPACES, state) !== undefined) take(TOKEN68, state);
    }
  }
  return found;
}

function addParam(params: Map<string, string> | undefined, name: string, value: string): void {
  if (params !== undefined && !params.has(name)) params.set(name, value);
}

function valueAt(state: ParseState): string {
  const quoted = take(QUOTED, state)?.[1];
  return quoted === undefined ? (take(BARE, state)?.[0] ?? '') : quoted.replaceAll(/\\(.)/gs, '$1');
}

/** Over something that is no token: a quoted text as a whole, so that a comma in it separates nothing; all the rest when it has no end. */
function skip(state: ParseState): void {
  if (take(QUOTED, state) !== undefined) return;
  if (state.text[state.at] === '"') state.at = state.text.length;
  else if (take(REST, state) === undefined) state.at += 1;
}

function take(pattern: RegExp, state: ParseState): RegExpExecArray | undefined {
  pattern.lastIndex = state.at;
  const match = pattern.exec(state.text);
  if (match === null) return undefined;
  state.at = pattern.lastIndex;
  return match;
}
