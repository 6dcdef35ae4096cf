/**
 * Explains why a string is not an image reference, with a correction. The grammar checks every correction, so it is valid.
 * Values are quoted, shortened, and escaped.
 */
import { digestProblem } from './digest.ts';
import {
  completeName,
  isComponent,
  isHost,
  isImageId,
  isPort,
  isTag,
  MAX_PATH,
  MAX_TAG,
  readParts,
  splitPort,
  splitReference,
  type WrittenParts,
} from './grammar.ts';
import { maskPassword } from './password.ts';
import { quoteValue } from './quote.ts';

const HOST_NAME = 'letters, digits, inner hyphens, and dots';

/** Returns the first problem of a `text` that the grammar rejects, the most specific ones first. */
export function problemOf(text: string): string {
  const parts = splitReference(text);
  return (
    wholeProblem(text) ??
    hostProblem(parts.host) ??
    (parts.digest === undefined ? undefined : digestProblem(parts.digest)) ??
    tagProblem(parts.tag) ??
    nameProblem(text, parts) ??
    'it does not follow [registry/]name[:tag][@digest]'
  );
}

/** Reports whether a problem also says what to write instead, which follows a semicolon. */
export function namesFix(problem: string): boolean {
  return problem.includes('; ');
}

/** Placeholders of shells, kustomize, Tekton, Jinja, ERB, Concourse, make, autoconf, and Windows, and `<NAME>`. */
const PLACEHOLDER =
  /\$[{(]|\{%|<%|\[\[|\(\(|\$[A-Za-z_]\w*|__[A-Z][A-Z\d_]*__|@[A-Za-z_]\w*@|%[A-Za-z_]\w*%|<[A-Za-z][\w .-]*>/;

/** Finds problems that are visible without splitting the string. */
function wholeProblem(text: string): string | undefined {
  if (text === '') return 'it is empty; use a reference such as "nginx:1.27"';
  if (text.includes('{{'))
    return '"{{" starts an unresolved template expression; render it first, for example with helm template';
  // Not in a password, of which no part may be quoted.
  const placeholder = PLACEHOLDER.exec(maskPassword(text));
  if (placeholder !== null) return `"${placeholder[0]}" looks like an unresolved placeholder`;
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.exec(text);
  if (scheme !== null) return `it has a scheme; remove ${quoteValue(scheme[0], 40)}`;
  if (isImageId(text)) return '64 hex digits are an image ID, not a reference; use name@sha256:… with the digest';
  return spaceProblem(text) ?? characterProblem(text);
}

function spaceProblem(text: string): string | undefined {
  if (!/\s/.test(text)) return undefined;
  const trimmed = text.trim();
  if (trimmed === '') return 'it is only whitespace; use a reference such as "nginx:1.27"';
  const where = /^\s/.test(text) ? 'leading ' : /\s$/.test(text) ? 'trailing ' : '';
  return `${where}whitespace is not allowed${proposal(trimmed)}`;
}

function characterProblem(text: string): string | undefined {
  const [character] = /[^\x21-\x7e]/u.exec(text) ?? [];
  if (character === undefined) return undefined;
  const code = `U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}`;
  return `the character ${quoteValue(character)} (${code}) is not allowed; use only ASCII letters, digits, and . _ - / : @`;
}

/** Returns `undefined` also for a possible path, and for an uppercase path that was taken for a host. */
function hostProblem(text: string | undefined): string | undefined {
  if (text === undefined || isHost(text) || isComponent(text) || !/[.:]/.test(text)) return undefined;
  // Without the value, which can contain a password.
  if (text.includes('@')) return '"@" can only separate name and digest; remove the user name or password';
  const { host, port } = splitPort(text);
  return portProblem(port) ?? `${quoteValue(host, 80)} is not a valid hostname; use ${HOST_NAME}, and a port after ":"`;
}

function portProblem(port: string | undefined): string | undefined {
  if (port === undefined || isPort(port)) return undefined;
  if (port === '') return 'the port after ":" is missing; add it, or remove ":"';
  if (port.includes(':')) return 'an IPv6 address needs brackets, for example "[2001:db8::1]:5000/name"';
  return `${quoteValue(port, 40)} is not a valid port; use digits only`;
}

function tagProblem(tag: string | undefined): string | undefined {
  if (tag === undefined || isTag(tag)) return undefined;
  if (tag === '') return 'the tag after ":" is missing; add a tag, or remove ":"';
  const [character] = /[^A-Za-z0-9_.-]/.exec(tag) ?? [];
  if (character !== undefined) return `"${character}" is not allowed in a tag; use letters, digits, ".", "_", and "-"`;
  if (tag.length > MAX_TAG) return `tags are limited to ${MAX_TAG} characters (found ${tag.length})`;
  return `a tag cannot begin with "${tag.charAt(0)}"`;
}

function nameProblem(text: string, { host, name }: WrittenParts): string | undefined {
  if (name === '') return 'the repository name is missing; use a reference such as "nginx:1.27"';
  const whole = host === undefined ? name : `${host}/${name}`;
  if (/[A-Z]/.test(host !== undefined && isHost(host) ? name : whole)) return upperCaseProblem(text, host, whole);
  if (/\/\/|^\/|\/$/.test(whole)) return slashProblem(text, whole);
  const wrong = whole
    .split('/')
    .find((component, index) => (index > 0 || host === undefined) && !isComponent(component));
  if (wrong !== undefined && wrong.length <= MAX_PATH) return componentProblem(wrong);
  const { domain, path } = completeName(host, name);
  const { length } = isHost(domain) ? path : whole;
  return `repository paths are limited to ${MAX_PATH} characters (found ${length})`;
}

function upperCaseProblem(text: string, host: string | undefined, whole: string): string {
  const kept = host !== undefined && isHost(host) ? host.length : 0;
  const lowered = whole.slice(0, kept) + whole.slice(kept).toLowerCase() + text.slice(whole.length);
  return `repository names must be lowercase${proposal(lowered)}`;
}

function slashProblem(text: string, whole: string): string {
  const closed = whole.split('/').filter((component) => component !== '');
  return `"/" can only separate two names${proposal(closed.join('/') + text.slice(whole.length))}`;
}

function componentProblem(component: string): string {
  const shown = quoteValue(component, 80);
  const [character] = /[^a-z0-9._-]/.exec(component) ?? [];
  if (character !== undefined) {
    return `${quoteValue(character)} is not allowed in a repository name; use a-z, 0-9, ".", "_", "-", and "/"`;
  }
  if (/^[._-]|[._-]$/.test(component)) return `${shown} must begin and end with a letter or a digit`;
  return `${shown} has two separators in a row; only "__" and "--" are allowed`;
}

function proposal(text: string): string {
  return readParts(text) === undefined ? '' : `; use ${quoteValue(text)}`;
}
