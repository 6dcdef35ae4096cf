/** The syntax of Kubernetes names and image tags. The API server rejects all other names, so they never occur. */
import { canMatch, type Language } from '../image/glob-reach.ts';
import { MAX_TAG } from '../image/grammar.ts';

const WORD = /^[a-z0-9]$/;

function nextOfLabel(state: string, character: string): string | undefined {
  if (WORD.test(character)) return 'word';
  return character === '-' && state !== 'begin' ? 'hyphen' : undefined;
}

/** RFC 1123 label, as apimachinery IsDNS1123Label. */
export const LABEL: Language = {
  start: 'begin',
  next: nextOfLabel,
  ends: new Set(['word']),
  maxLength: 63,
  alphabet: ['a', '-'],
};

/** RFC 1123 subdomain, as apimachinery IsDNS1123Subdomain. */
export const SUBDOMAIN: Language = {
  start: 'begin',
  next: (state, character) => (character === '.' && state === 'word' ? 'begin' : nextOfLabel(state, character)),
  ends: new Set(['word']),
  maxLength: 253,
  alphabet: ['a', '-', '.'],
};

/** All kinds with images have subdomain names. A generateName, evaluated before the name exists, can end in a hyphen. */
export const OBJECT_NAME: Language = { ...SUBDOMAIN, ends: new Set(['word', 'hyphen']) };

/** The tag of an image: see image/grammar.ts. */
export const TAG: Language = {
  start: 'begin',
  next: (state, character) =>
    /^[A-Za-z0-9_]$/.test(character) || (/^[.-]$/.test(character) && state !== 'begin') ? 'tag' : undefined,
  ends: new Set(['tag']),
  maxLength: MAX_TAG,
  alphabet: ['a'],
};

/** A user or a group: any text of an authenticator on one line, without whitespace around it. */
export const TEXT: Language = {
  start: 'begin',
  next(state, character) {
    if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(character)) return undefined;
    if (!/\s/u.test(character)) return 'text';
    return state === 'begin' ? undefined : 'blank';
  },
  ends: new Set(['text']),
  maxLength: Infinity,
  alphabet: ['a', ' '],
};

/** The value of a label, or its key without the part before "/": apimachinery IsValidLabelValue. */
export function isLabelName(text: string): boolean {
  return text.length <= 63 && /^[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?$/.test(text);
}

/** The key of a label, the name of a resource: apimachinery IsQualifiedName. */
export function isQualifiedName(text: string): boolean {
  const slash = text.indexOf('/');
  return isLabelName(text.slice(slash + 1)) && (slash < 0 || isName(text.slice(0, slash), SUBDOMAIN));
}

/** Reports whether the text is a name of the language. */
export function isName(text: string, language: Language): boolean {
  return !text.includes('*') && canMatch(text, language);
}

const NAME_STATES = 'name ';

/** `<namespace>:<name>` of a ServiceAccount, after `system:serviceaccount:`. Neither part contains a colon. */
export const ACCOUNT: Language = {
  start: LABEL.start,
  next(state, character) {
    if (state.startsWith(NAME_STATES)) {
      const next = SUBDOMAIN.next(state.slice(NAME_STATES.length), character);
      return next && `${NAME_STATES}${next}`;
    }
    if (character === ':') return LABEL.ends.has(state) ? `${NAME_STATES}${SUBDOMAIN.start}` : undefined;
    return LABEL.next(state, character);
  },
  ends: new Set([...SUBDOMAIN.ends].map((state) => `${NAME_STATES}${state}`)),
  maxLength: LABEL.maxLength + 1 + SUBDOMAIN.maxLength,
  alphabet: [...SUBDOMAIN.alphabet, ':'],
};

/** The names of a language with a common prefix. */
export function behindPrefix(prefix: string, language: Language): Language {
  return {
    start: '0',
    next(state, character) {
      const at = Number(state);
      if (!Number.isInteger(at)) return language.next(state, character);
      if (prefix[at] !== character) return undefined;
      return at + 1 === prefix.length ? language.start : `${at + 1}`;
    },
    ends: language.ends,
    maxLength: prefix.length + language.maxLength,
    alphabet: [...new Set([...Array.from(prefix), ...language.alphabet])],
  };
}
