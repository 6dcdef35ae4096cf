/** What other policies said, from files of `--reports` and from the cluster. */
import { ApiError, ApiOutage, type ClusterApi } from '../../cluster/api.ts';
import { listedObjects } from '../../cluster/listed-objects.ts';
import { resourcesOfGroups } from '../../cluster/served-resources.ts';
import { addReportFiles } from '../../files/said/report-files.ts';
import { REPORT_GROUPS } from '../../files/said/report-objects.ts';
import { createSaidBook, type SaidBook } from '../../files/said/said-book.ts';
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import type { Said } from '../../recording/said.ts';
import type { ErrorRow } from '../../report/check.ts';
import type { Terminal } from '../terminal.ts';
import { errorIn } from './error-in.ts';
import { listProblem } from './live-objects.ts';

export interface SaidFlags {
  readonly reports?: readonly string[] | undefined;
  /** Reports of the cluster. */
  readonly clusterReports?: boolean | undefined;
}

export interface SaidSources {
  /** `uid`: of the object, if the review does not have it. undefined: nothing was said. */
  about(review: JsonObject, uid?: string): readonly Said[] | undefined;
  readonly errors: readonly ErrorRow[];
}

interface Places {
  readonly terminal: Pick<Terminal, 'input'>;
  readonly api: ClusterApi | undefined;
  readonly signal: AbortSignal;
}

export async function readSaid(
  { reports = [], clusterReports }: SaidFlags,
  { terminal, api, signal }: Places,
): Promise<SaidSources> {
  const book = createSaidBook();
  const errors: ErrorRow[] = reports.length === 0 ? [] : [...(await addReportFiles(reports, terminal.input(), book))];
  if (clusterReports === true && api !== undefined) errors.push(...(await addClusterReports(api, book, signal)));
  if (book.left() > 0) errors.push(errorIn('reports', `too many results; ${book.left()} of them are not used`));
  return { errors, about: (review, uid) => saidAbout(book, review, uid) };
}

function saidAbout(book: SaidBook, { request }: JsonObject, uid: string | undefined): readonly Said[] | undefined {
  const { object, namespace } = isObject(request) ? request : {};
  if (!isObject(object)) return undefined;
  const { metadata } = object;
  const own = isObject(metadata) ? metadata['uid'] : undefined;
  const known = typeof own === 'string' ? own : uid;
  const said = book.about(object, typeof namespace === 'string' ? namespace : undefined, known);
  return said.length === 0 ? undefined : said;
}

/** What an event says comes first; a report can repeat it. */
export function joinedSaid(own: readonly Said[] = [], others: readonly Said[] = []): readonly Said[] | undefined {
  const key = ({ by, policy, rule }: Said): string => JSON.stringify([by, policy, rule]);
  const known = new Set(own.map(key));
  const all = [...own, ...others.filter((one) => !known.has(key(one)))];
  return all.length === 0 ? undefined : all;
}

async function addClusterReports(api: ClusterApi, book: SaidBook, signal: AbortSignal): Promise<readonly ErrorRow[]> {
  const errors: ErrorRow[] = [];
  for (const resource of await resourcesOfGroups(api, new Set(REPORT_GROUPS), signal)) {
    try {
      for await (const page of listedObjects(api, resource, { namespace: undefined, signal }))
        page.forEach((object) => book.add(object));
    } catch (error) {
      if (!(error instanceof ApiError || error instanceof ApiOutage)) throw error;
      errors.push(errorIn(api.server, listProblem(error, resource, undefined)));
    }
  }
  return errors;
}
