/**
 * WWW-Authenticate, RFC 9110, 11.6.1:
 *
 *     challenges = challenge { "," challenge }          also over several header lines
 *     challenge  = scheme [ 1*SP ( token68 | param { "," param } ) ]
 *     param      = token BWS "=" BWS ( token | quoted-string )
 *
 * A comma separates challenges and also parameters: a name after it belongs to a parameter if "=" follows, otherwise to a
 * challenge. Registries omit quotes that values need (realm=https://…), so such values end at a comma or a space. The header is
 * untrusted: parsing takes one pass, never throws, and skips invalid parts.
 */
export interface Challenge {
  /** Lowercase. */
  readonly scheme: string;
  /** By lowercase name; the first value of each name. */
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

/** Skips a part that is not a token: a quoted string as a whole with its commas, or the rest of the header if it has no end quote. */
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
