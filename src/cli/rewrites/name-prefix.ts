/** A text that names of images begin with -> the image pattern that selects them. */
import { hostKey, parsePattern } from '../../image/pattern.ts';
import { quoteValue } from '../../image/quote.ts';
import { ANY, SEGMENT, type Way } from './expression.ts';

/** `from` selects images; `tail` is its path, for `to`. */
export type Selected =
  | { readonly ok: true; readonly from: string; readonly tail: string }
  | { readonly ok: false; readonly problem: string };

export const LOST_HOST =
  'it matches several registries and drops their names, so that their images would get the same name';

/** `way` matches the full name of an image, with its registry and its tag or digest. */
export function selectedImages({ tokens, isWhole }: Way): Selected {
  const isOpen = !isWhole || tokens.at(-1) === ANY;
  const text = tokens
    .slice(0, tokens.at(-1) === ANY ? -1 : undefined)
    .map((token) => (typeof token === 'string' ? token : token === SEGMENT ? '*' : '**'));
  return text.includes('**')
    ? no(text[0] === '**' ? LOST_HOST : 'it has ".*" in the middle, which also matches "/"')
    : selected(text.join(''), isOpen);
}

function selected(text: string, isOpen: boolean): Selected {
  const [host = '', ...segments] = text.split('/');
  const [name = '', tag] = segments.join('/').split(':');
  const problem = textProblem(host, segments.join('/'), tag !== undefined || isOpen);
  if (problem !== undefined) return no(problem);
  const tail = tag === undefined ? openTail(name) : name;
  const suffix = tag === undefined ? '' : `:${tag}${isOpen ? '*' : ''}`;
  const parsed = parsePattern(`${host}/${tail}${suffix}`);
  if (!parsed.ok) return no(parsed.problem);
  // Docker Hub completes short names, so that two texts can be one pattern.
  const whole = parsed.pattern.segments.join('/');
  return parsed.pattern.host === hostKey(host)
    ? { ok: true, from: `${host}/${whole}${suffix}`, tail: whole }
    : no(
        `${quoteValue(host, 80)} is not a registry: it has no dot and no port, so it is a part of a path on Docker Hub`,
      );
}

/** The last segment can go on, unless the text ends with "/". */
function openTail(name: string): string {
  return name === '' || name.endsWith('/') ? `${name}**` : `${name}*/**`;
}

function textProblem(host: string, path: string, hasTag: boolean): string | undefined {
  if (host === '' || host.includes('*')) return LOST_HOST;
  if (path.includes('@')) return 'it selects by digest';
  const [name = ''] = path.split(':');
  if (/[^/]\*|\*[^/]|\*$/.test(name)) return '"[^/]+" is only a part of a path segment, or can match the tag';
  return hasTag ? undefined : 'it ends before the tag, which every image has there';
}

function no(problem: string): Selected {
  return { ok: false, problem };
}

/** The images whose names, as written, begin with `text`, a registry and perhaps a path. */
export function imagesBeginningWith(text: string): Selected {
  return selected(text, true);
}
