/**
 * Links for the origin that an image states. Anyone can state any text, so a link is made only of a plain http or https URL
 * without user name and password, and of full commit ids.
 */
import type { ImageOrigin } from '../policy/registry-fact.ts';

export function isPlainUrl(text: string): boolean {
  return PLAIN_URL.test(text);
}

export interface SourceRepository {
  readonly url: string;
  /** Host and path. */
  readonly name: string;
  /** The path of pages of a commit and of a comparison. undefined: the host is not known to have them. */
  readonly pages: string | undefined;
}

/** No character that ends a link in Markdown or in HTML, and none that looks like another. */
const PLAIN_URL = /^https?:\/\/[A-Za-z0-9.-]+(:\d{1,5})?(\/[A-Za-z0-9._~%+-]*)*$/i;
/** SHA-1 and SHA-256. */
const COMMIT = /^([0-9a-f]{40}|[0-9a-f]{64})$/i;

/** Returns undefined for a source that is not the URL of a repository. */
export function repositoryAt(source: string): SourceRepository | undefined {
  // Docker Official Images add the commit and the directory after "#".
  const [base = ''] = source.trim().split(/[?#]/);
  const parsed = PLAIN_URL.test(base) ? URL.parse(base) : null;
  if (parsed === null) return undefined;
  const { origin, host, hostname } = parsed;
  const provider = providerOf(hostname);
  const path = repositoryPath(parsed.pathname, provider);
  const pages = path.length < 2 ? undefined : provider;
  const name = [host, ...path].join('/');
  return { url: [origin, ...path].join('/'), name, pages: pages && PAGES[pages] };
}

const PAGES = { github: '', gitlab: '/-' } as const;

/** A company's own server usually has the name of the product first. */
function providerOf(hostname: string): keyof typeof PAGES | undefined {
  if (hostname.endsWith('.ghe.com')) return 'github';
  const [first] = hostname.split('.');
  return first === 'github' || first === 'gitlab' ? first : undefined;
}

/** Returns the segments of the repository: two at GitHub; at GitLab, groups can have groups, and pages follow `-`. */
function repositoryPath(path: string, provider: keyof typeof PAGES | undefined): readonly string[] {
  const segments = path.split('/').filter((segment) => segment !== '');
  const end = provider === 'github' ? 2 : provider === 'gitlab' ? segments.indexOf('-') : -1;
  const own = end < 0 ? segments : segments.slice(0, end);
  return own.map((segment, at) => (at === own.length - 1 ? segment.replace(/\.git$/, '') : segment));
}

export function commitUrl(origin: ImageOrigin): string | undefined {
  const at = commitAt(origin);
  return at && `${at.pages}/commit/${at.commit}`;
}

/** Only if both are commits of one repository. */
export function compareUrl(before: ImageOrigin, after: ImageOrigin): string | undefined {
  const [from, to] = [commitAt(before), commitAt(after)];
  if (from === undefined || to === undefined || from.pages !== to.pages || from.commit === to.commit) return undefined;
  return `${to.pages}/compare/${from.commit}...${to.commit}`;
}

interface Commit {
  /** The URL that the pages of the repository begin with. */
  readonly pages: string;
  readonly commit: string;
}

function commitAt({ source = '', revision = '' }: ImageOrigin): Commit | undefined {
  const repository = repositoryAt(source);
  if (repository?.pages === undefined || !COMMIT.test(revision)) return undefined;
  return { pages: `${repository.url}${repository.pages}`, commit: revision.toLowerCase() };
}
