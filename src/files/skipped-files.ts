/** Notices about skipped files: one for each reason, however many files there are. */
import path from 'node:path';
import { quoteValue } from '../image/quote.ts';
import { KUSTOMIZATION_NAMES } from './kustomization.ts';

/** A file or directory that is not read or not evaluated, and the reason. */
export interface SkippedFile {
  readonly path: string;
  readonly why:
    | 'hidden'
    | 'unread'
    | 'beside'
    | 'dependencies'
    | 'ignored'
    | 'irregular'
    | 'dangling'
    | 'parent'
    | 'patch'
    | 'data'
    | 'foreign'
    | 'template'
    | 'partly'
    | 'chart'
    | 'part'
    | 'excess'
    | 'library'
    | 'silent'
    | 'helmignored'
    | 'remote'
    | 'plugin';
  /** The chart that contains the file. */
  readonly within?: string | undefined;
}

/** False for a file that is read in part. */
export function isWhole({ why }: SkippedFile): boolean {
  return why !== 'partly';
}

/**
 * Reports whether a file that cannot be parsed may be a manifest or a kustomization. kubectl accepts some texts that are rejected
 * here, and an author controls both name and text. The key can contain escapes.
 */
export function mayBeManifest(file: string, text: string): boolean {
  return (
    text.includes('apiVersion') ||
    text.replaceAll(ESCAPES, unescaped).includes('apiVersion') ||
    KUSTOMIZATION_NAMES.includes(path.basename(file))
  );
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

/** A part of a chart is not left out: the chart is rendered, or has a notice. */
type NoticedReason = Exclude<SkippedFile['why'], 'part'>;

/** `{}` is replaced by the object of the search, such as `Kubernetes object`, and `{chart}` by the chart of the files. */
const WORDS: Readonly<Record<NoticedReason, readonly [one: string, several: string]>> = {
  hidden: ['is hidden and contains no {}', 'hidden files contain no {}'],
  beside: [
    'is not read: it is beside a recording',
    'files and directories are not read because they are beside recordings',
  ],
  unread: ['is not read: it is hidden', 'files are not read because they are hidden'],
  dependencies: ['is not read: it contains dependencies', 'directories are not read because they contain dependencies'],
  ignored: ['is not read: an ignore file excludes it', 'paths are not read because ignore files exclude them'],
  irregular: ['is not read: it is not a regular file', 'files are not read because they are not regular files'],
  dangling: ['is not read: the link points to nothing', 'files are not read because they are links to nothing'],
  parent: [
    'is not followed: the link points to a parent directory',
    'links are not followed because they point to parent directories',
  ],
  patch: [
    'is not evaluated: it is a patch without an image',
    'files are not evaluated because they are patches without an image',
  ],
  foreign: ['contains no {}', 'files contain no {}'],
  template: [
    'is not evaluated: it is a template; render it first',
    'files are not evaluated because they are templates; render them first',
  ],
  partly: [
    'is evaluated without the documents that are templates; render it first',
    'files are evaluated without the documents that are templates; render them first',
  ],
  chart: [
    'is a Helm chart and is not rendered; to evaluate it, use check --helm',
    'Helm charts are not rendered; to evaluate them, use check --helm',
  ],
  excess: ['is not read: there are too many archives', 'archives are not read because there are too many'],
  remote: [
    'is not built, but its files are evaluated: it refers to a URL, and tidewaiter downloads nothing',
    'kustomizations are not built, but their files are evaluated: they refer to URLs, and tidewaiter downloads nothing',
  ],
  plugin: [
    'is not built, but its files are evaluated: it needs a plugin or Helm, which tidewaiter does not let kustomize run',
    'kustomizations are not built, but their files are evaluated: they need plugins or Helm, which tidewaiter does not let kustomize run',
  ],
  silent: [
    'rendered nothing; other values can render it (--helm-values)',
    'templates of {chart} rendered nothing; other values can render them (--helm-values)',
  ],
  helmignored: [
    'is not rendered: the .helmignore of its chart excludes it',
    'files of {chart} are not rendered because its .helmignore excludes them',
  ],
  library: ['is not rendered: it is a library chart', 'charts are not rendered because they are library charts'],
  data: ['is data for a kustomization and contains no {}', 'files are data for kustomizations and contain no {}'],
};

/** The reasons as `check --list-files` prints them. */
export const SKIP_REASONS: Readonly<Record<SkippedFile['why'], string>> = {
  hidden: 'hidden, and contains no Kubernetes object',
  beside: 'beside a recording',
  unread: 'hidden',
  dependencies: 'contains dependencies',
  ignored: 'excluded by an ignore file',
  irregular: 'not a regular file',
  dangling: 'link to nothing',
  parent: 'link to a parent directory',
  patch: 'patch without an image',
  data: 'data for a kustomization',
  foreign: 'contains no Kubernetes object',
  template: 'a template',
  partly: 'documents that are templates',
  chart: 'Helm chart, not rendered',
  part: 'part of a Helm chart',
  excess: 'one of too many archives',
  library: 'library chart',
  silent: 'rendered nothing',
  helmignored: 'excluded by .helmignore',
  remote: 'kustomization that refers to a URL',
  plugin: 'kustomization that needs a plugin',
};

export function skippedNotices(skipped: readonly SkippedFile[], lookedFor: string): readonly InputNotice[] {
  const groups = Map.groupBy(skipped, ({ why, within }) => (OF_CHARTS.has(why) ? `${why} ${within}` : why));
  return [...groups.values()].flatMap((all) => {
    const { why = 'part', within: chart = '' } = all[0] ?? {};
    if (why === 'part') return [];
    const [one, several] = WORDS[why].map((words) =>
      words.replace('{}', lookedFor).replace('{chart}', () => quoteValue(chart, MAX_NAME)),
    );
    const names = [...new Set(all.map(({ path: at, within }) => (OF_CHARTS.has(why) ? at : (within ?? at))))];
    const [first = ''] = names;
    const message =
      names.length === 1
        ? `${quoteValue(first, MAX_NAME)} ${one}`
        : `${names.length} ${several}: ${namedFew(names.map((name) => quoteValue(name, MAX_NAME)))}`;
    return [{ file: first, line: null, column: null, message }];
  });
}

/** Each chart has a notice of its own, with the files. */
const OF_CHARTS: ReadonlySet<SkippedFile['why']> = new Set(['silent', 'helmignored']);

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
