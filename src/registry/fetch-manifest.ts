/** Manifests and blobs of one repository: what comes is what was asked for, down to its digest. */
import { isDigest } from '../image/digest.ts';
import { quoteValue } from '../image/quote.ts';
import { RegistryError } from './client.ts';
import type { Conversation, Heard } from './authenticated-request.ts';
import { digestLike, sha256 } from './digest.ts';
import {
  type Descriptor,
  type Manifest,
  MANIFEST_TYPES,
  manifestType,
  MAX_MANIFEST_BYTES,
  readManifest,
  typeInside,
} from './manifest.ts';
import type { FinalAnswer } from './redirect.ts';
import type { Site } from './endpoint.ts';
import { forAll, protocolError } from './network-errors.ts';

export interface Fetching {
  readonly conversation: Conversation;
  readonly site: Site;
  /** A tag or a digest. */
  readonly wanted: string;
  readonly signal: AbortSignal;
}

export interface Found {
  readonly digest: string;
  readonly type: string;
}

export interface Fetched extends Found {
  readonly manifest: Manifest;
}

/**
 * HEAD, which Docker Hub does not count as a pull, and GET where that is not enough: the registry has no HEAD (400, 405, …), or
 * says no digest that can be used.
 */
export async function findManifest(fetching: Fetching): Promise<Found> {
  const heard = await ask('HEAD', fetching);
  if (WITHOUT_HEAD.includes(heard.answer.status)) return fetchManifest(fetching);
  const answer = fetching.conversation.demand(heard);
  const type = manifestType(header(answer, 'content-type'), answer.place.name);
  const digest = saidDigest(answer);
  if (type === undefined || digest === undefined) return fetchManifest(fetching);
  const { wanted } = fetching;
  if (!isDigest(wanted) || digest === wanted) return { digest, type };
  // The same content may have digests of two algorithms; with one algorithm there is only one.
  if (algorithmOf(digest) !== algorithmOf(wanted)) return fetchManifest(fetching);
  throw wrongDigest(fetching, digest);
}

const WITHOUT_HEAD: readonly number[] = [400, 405, 406, 415, 501];

export async function fetchManifest(fetching: Fetching): Promise<Fetched> {
  const answer = fetching.conversation.demand(await ask('GET', fetching));
  try {
    return manifestIn(answer, fetching);
  } catch (error) {
    throw error instanceof RegistryError && answer.place.isRegistry === true ? forAll(error) : error;
  }
}

function manifestIn(answer: FinalAnswer, fetching: Fetching): Fetched {
  const { name } = answer.place;
  const type = manifestType(header(answer, 'content-type'), name) ?? typeInside(answer.body, name);
  const digest = provenDigest(answer, fetching);
  return { digest, type, manifest: readManifest(answer.body, type, name) };
}

/** The digest that was asked for, else the one that the registry says, else sha256; of these very bytes. */
function provenDigest(answer: FinalAnswer, fetching: Fetching): string {
  const { body } = answer;
  const { wanted } = fetching;
  const said = saidDigest(answer);
  if (said !== undefined && digestLike(said, body) !== said) throw wrongDigest(fetching, said);
  if (!isDigest(wanted)) return said ?? sha256(body);
  if (digestLike(wanted, body) !== wanted) throw wrongDigest(fetching, digestLike(wanted, body));
  return wanted;
}

export async function fetchBlob({ digest, size }: Descriptor, fetching: Fetching): Promise<Buffer> {
  const { conversation, site, signal } = fetching;
  const question = { site, method: 'GET', path: `blobs/${digest}`, accept: ['*/*'], maxBytes: size } as const;
  const { body } = conversation.demand(await conversation.ask(question, signal));
  const actual = digestLike(digest, body);
  if (actual !== digest) throw wrongDigest({ ...fetching, wanted: digest }, actual);
  return body;
}

function ask(method: 'HEAD' | 'GET', { conversation, site, wanted, signal }: Fetching): Promise<Heard> {
  const path = `manifests/${wanted}`;
  return conversation.ask({ site, method, path, accept: MANIFEST_TYPES, maxBytes: MAX_MANIFEST_BYTES }, signal);
}

function header({ headers }: FinalAnswer, name: string): string | undefined {
  return headers.get(name)?.[0];
}

function saidDigest(answer: FinalAnswer): string | undefined {
  const digest = header(answer, 'docker-content-digest')?.trim();
  return digest !== undefined && isDigest(digest) ? digest : undefined;
}

function algorithmOf(digest: string): string {
  return digest.slice(0, digest.indexOf(':'));
}

function wrongDigest({ site, wanted }: Fetching, digest: string): Error {
  const what = isDigest(wanted) ? `for ${wanted} content` : `for ${quoteValue(wanted)} content`;
  return protocolError(`${site.name} sent ${what} that does not belong to the digest ${digest}`);
}
