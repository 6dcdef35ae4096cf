/** Finds secrets in texts by their form. All patterns take linear time. */
import { decodeBase64 } from '../../go/base64.ts';
import { replaceNamed, replacePaired } from './named-values.ts';

export const MARKER = '[redacted]';

/** Collects the texts that were replaced. */
export type Found = (secret: string) => void;

/** Prefixes of tokens that services document, private keys, and JSON Web Tokens. */
const TOKENS =
  /\b(?:gh[pousr]_\w{16,}|github_pat_\w{16,}|gl(?:pat|dt|rt|ptt|soat)-[\w-]{16,}|xox[abeoprs]-[\w-]{8,}|xapp-[\w-]{8,}|(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}|AIza[\w-]{20,}|ya29\.[\w-]{16,}|[sprw]k_(?:live|test)_\w{8,}|sk-[\w-]{16,}|npm_\w{16,}|pypi-[\w-]{16,}|dop_v1_\w{16,}|doo_v1_\w{16,}|hv[sbr]\.[\w-]{16,}|SG\.[\w-]{8,}\.[\w-]{8,}|shp(?:at|ca|pa|ss)_\w{16,}|dckr_pat_[\w-]{8,}|glsa_\w{16,}|lin_api_\w{16,}|eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?)/g;
/** URLs that are secrets: who knows them can post. */
const HOOKS =
  /(\b(?:hooks\.slack\.com\/(?:services|workflows|triggers)|discord(?:app)?\.com\/api\/webhooks|[\w.-]{1,100}\.webhook\.office\.com\/webhookb2)\/)([\w/@-]{8,})/g;
const PRIVATE_KEY =
  /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,20}-----[^]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,20}-----|$)/g;
/** Up to the last `@` of the word, because passwords contain any character. */
const USER_INFO = /\b([a-z][a-z0-9+.-]{0,30}:\/\/)([^\s"'`<>]{0,2000})@/gi;
const SCHEME = /\b(bearer|basic|token|negotiate)(\s+)([\w+/=.~-]{8,})/gi;
/** A manifest of a Secret: nothing in it is kept. */
const SECRET_MANIFEST = /(?:^|\W)kind\\{0,15}["']?\s{0,3}:\s{0,3}\\{0,15}["']?(?:Sealed)?Secret\b/;

/** Most texts contain none of these: signs of names, URLs, and markup, and starts of tokens. */
const SIGNS = /[=_"<]|:[ \t/]/;
const STARTS =
  /-----BEGIN|AKIA|ASIA|AROA|AIDA|AIza|xox|xapp-|ya29|sk-|gl[a-z]{2,4}-|pypi-|hv[sbr]\.|SG\.|eyJ|[\w+/-]{24}/;
const SCHEMES = /\s/;

function isSuspect(text: string): boolean {
  return !PLAIN.test(text) && (SIGNS.test(text) || STARTS.test(text) || SCHEMES.test(text));
}

/** Most texts are such words: no token is as short. */
const PLAIN = /^(?:[\w./-]{0,15}|[\da-f-]{36})$/;

/** For any text except images. */
export function redactText(text: string, found: Found): string {
  if (!isSuspect(text)) return text;
  if (SECRET_MANIFEST.test(text)) return hidden(text, found);
  const replace = (value: string): string => hidden(value, found);
  // `name:value` without a blank or a quote can be an image.
  return replaceNamed(redactForms(text, found), (sign) => sign !== ':', replace);
}

/** For arguments of programs, in which more is a secret. */
export function redactArgumentText(text: string, found: Found): string {
  if (SECRET_MANIFEST.test(text)) return hidden(text, found);
  const replace = (value: string): string => hidden(value, found);
  const named = replaceNamed(redactForms(text, found), () => true, replace).replace(
    LOGIN,
    (_whole, start: string, user: string, password: string) => `${start}${user}:${hidden(password, found)}`,
  );
  return named.replace(WORD, (word, at: number) =>
    isRandom(word) && !isDigest(named, at) ? hidden(word, found) : word,
  );
}

/** `user:password@host`; not `name:tag@sha256:…`. */
const LOGIN = /(^|[\s"'=])([^\s"'=:/@]{1,100}):([^\s"'@/]{1,200})(?=@(?!sha\d{3}:)[\w.([-])/g;

function redactForms(text: string, found: Found): string {
  const replace = (value: string): string => hidden(value, found);
  const forms = text
    .replace(PRIVATE_KEY, replace)
    .replace(USER_INFO, (_whole, scheme: string, info: string) => {
      found(info);
      return `${scheme}***@`;
    })
    .replace(TOKENS, replace)
    .replace(HOOKS, (_whole, start: string, secret: string) => `${start}${replace(secret)}`)
    .replace(SCHEME, (_whole, scheme: string, blank: string, value: string) => `${scheme}${blank}${replace(value)}`)
    .replace(ENCODED, (word) => (hasEncodedSecret(word) ? replace(word) : word));
  return replacePaired(forms, replace);
}

const ENCODED = /(?<![\w+/-])[\w+/-]{24,}={0,2}/g;
const MAX_ENCODED = 100_000;

/** Base64 of a text with a secret, such as a private key or a docker config. */
function hasEncodedSecret(word: string): boolean {
  if (word.length > MAX_ENCODED || /^[\da-f]+$/i.test(word)) return false;
  const standard = word.replace(/=+$/, '').replaceAll('-', '+').replaceAll('_', '/');
  const bytes = decodeBase64(standard, { padded: false });
  if (bytes === undefined) return false;
  const text = Buffer.from(bytes).toString('latin1');
  // Most words are names, and names are not base64 of a text.
  if (!/^[\t\n\r\u0020-\u007e\u0080-\u00ff]*$/.test(text) || !/^[\t\n\r\u0020-\u007e]{12}/.test(text)) return false;
  let hasSecret = false;
  redactText(text, () => void (hasSecret = true));
  return hasSecret;
}

/** Keeps what refers to a value that is somewhere else: `$(PASSWORD)`, `${PASSWORD}`, `$PASSWORD`. */
export function hidden(value: string, found: Found): string {
  if (REFERENCE.test(value) || value === MARKER) return value;
  const { 1: quote = '', 2: bare = value } = QUOTED.exec(value) ?? [];
  if (bare === '' || bare === MARKER) return value;
  found(bare);
  return quote + MARKER + quote;
}

/** With the same quotes at both ends, or only at the start. */
const QUOTED = /^(\\*["'])([^]*?)(?:\1)?$/;
const REFERENCE = /^["']?\$(?:\(\w+\)|\{\w+\}|\w+)["']?$/;

const WORD = /[A-Za-z0-9+_=-]{20,}/g;

function isDigest(text: string, at: number): boolean {
  return /sha\d{3}:$/.test(text.slice(Math.max(0, at - 8), at));
}

/** Letters and digits in random order change their class often; words and names do not. */
export function isRandom(word: string): boolean {
  const classes = word
    .slice(0, 200)
    .split('')
    .flatMap((letter) => classOf(letter) ?? []);
  const kinds = new Set(classes).size;
  const changes = classes.filter((one, index) => index > 0 && one !== classes[index - 1]).length;
  if (kinds < 2 || !classes.includes('digit')) return false;
  return kinds === 3 ? changes >= word.length * 0.3 : classes.length >= 24 && changes >= word.length * 0.25;
}

function classOf(letter: string): 'upper' | 'lower' | 'digit' | undefined {
  if (letter >= '0' && letter <= '9') return 'digit';
  if (letter >= 'a' && letter <= 'z') return 'lower';
  return letter >= 'A' && letter <= 'Z' ? 'upper' : undefined;
}
