/** The address that files of this directory have at a code host, for links in reports. */
import path from 'node:path';
import { placeIn } from '../report/report-path.ts';
import { isPlainUrl } from '../report/source-links.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** By the flag, otherwise as CI services state it. undefined: it is not known. */
export function linkBase(given: string | undefined, folder: string, env: Variables): string | undefined {
  if (given !== undefined) return given.replace(/\/+$/, '');
  return SERVICES.map((service) => baseOf(service, folder, env)).find((base) => base !== undefined);
}

interface Service {
  readonly repository: readonly string[];
  readonly pages: string;
  readonly commit: string;
  /** The directory with the files of the commit. */
  readonly folder: string;
}

const SERVICES: readonly Service[] = [
  {
    repository: ['GITHUB_SERVER_URL', 'GITHUB_REPOSITORY'],
    pages: 'blob',
    commit: 'GITHUB_SHA',
    folder: 'GITHUB_WORKSPACE',
  },
  { repository: ['CI_PROJECT_URL'], pages: '-/blob', commit: 'CI_COMMIT_SHA', folder: 'CI_PROJECT_DIR' },
];

function baseOf(
  { repository, pages, commit, folder: root }: Service,
  folder: string,
  env: Variables,
): string | undefined {
  const parts = [...repository.map((name) => env[name]), pages, env[commit]];
  const base = env[root];
  if (base === undefined || !path.isAbsolute(base) || parts.some((part) => part === undefined || part === ''))
    return undefined;
  const place = placeIn(base, folder);
  const url = [
    ...parts,
    ...(place.at === 'inside' && place.path !== '.' ? place.path.split('/').map(encodeURIComponent) : []),
  ].join('/');
  return place.at === 'inside' && isPlainUrl(url) ? url : undefined;
}
