/** Notices about skipped files: one for each reason, however many files there are. */
import { quoteValue } from '../image/quote.ts';

/** A file or directory that is not read or not evaluated, and the reason. */
export interface SkippedFile {
  readonly path: string;
  readonly why: 'hidden' | 'unread' | 'dependencies' | 'irregular' | 'parent' | 'patch' | 'data';
}

/**
 * Reports whether a hidden file that cannot be parsed may be a manifest. kubectl accepts some texts that are rejected here, and
 * an author controls both name and text. The key can contain escapes.
 */
export function mayBeManifest(text: string): boolean {
  return text.includes('apiVersion') || text.replaceAll(ESCAPES, unescaped).includes('apiVersion');
}

/** Matches escapes for letters and line breaks in double quotes. */
const ESCAPES = /\\(?:x([\dA-Fa-f]{2})|u([\dA-Fa-f]{4})|U([\dA-Fa-f]{8})|(?:\r\n?|[\n\x85\u2028\u2029])[ \t]*)/g;

function unescaped(_escape: string, ...codes: readonly (string | undefined)[]): string {
  const code = Number.parseInt(codes.slice(0, 3).find((one) => one !== undefined) ?? '', 16);
  return code <= 0x10_ff_ff ? String.fromCodePoint(code) : '';
}

/** About an input file and not about a policy. */
export interface InputNotice {
  readonly file: string;
  /** null: the notice concerns the whole file. */
  readonly line: number | null;
  readonly column: number | null;
  readonly message: string;
}

/** `{}` is replaced by the object of the search, such as `Kubernetes object`. */
const WORDS: Readonly<Record<SkippedFile['why'], readonly [one: string, several: string]>> = {
  hidden: ['is hidden and contains no {}', 'hidden files contain no {}'],
  unread: ['is not read: it is hidden', 'files are not read because they are hidden'],
  dependencies: ['is not read: it contains dependencies', 'directories are not read because they contain dependencies'],
  irregular: ['is not read: it is not a regular file', 'files are not read because they are not regular files'],
  parent: [
    'is not followed: the link points to a parent directory',
    'links are not followed because they point to parent directories',
  ],
  patch: [
    'is not evaluated: it is a patch without an image',
    'files are not evaluated because they are patches without an image',
  ],
  data: ['is data for a kustomization and contains no {}', 'files are data for kustomizations and contain no {}'],
};

export function skippedNotices(skipped: readonly SkippedFile[], lookedFor: string): readonly InputNotice[] {
  return [...Map.groupBy(skipped, ({ why }) => why)].map(([why, all]) => {
    const [one, several] = WORDS[why].map((words) => words.replace('{}', lookedFor));
    const [first = ''] = all.map(({ path }) => path);
    const message =
      all.length === 1
        ? `${quoteValue(first, MAX_NAME)} ${one}`
        : `${all.length} ${several}: ${namedFew(all.map(({ path }) => quoteValue(path, MAX_NAME)))}`;
    return { file: first, line: null, column: null, message };
  });
}

const MAX_NAME = 256;
const NAMED = 3;

/** `a, b, and 2 more` */
export function namedFew(names: readonly string[]): string {
  if (names.length <= NAMED) return listed(names);
  return listed([...names.slice(0, NAMED - 1), `${names.length - NAMED + 1} more`]);
}

function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  if (names.length < 3) return names.join(' and ');
  return `${names.slice(0, -1).join(', ')}, and ${last}`;
}
