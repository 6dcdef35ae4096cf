/** Fetches manifests and blobs of one repository, and verifies their digests. */
import { isDigest } from '../image/digest.ts';
import { quoteValue } from '../image/quote.ts';
import { RegistryError } from './client.ts';
import type { Conversation, RegistryResponse } from './authenticated-request.ts';
import { digestLike, sha256 } from './content-digest.ts';
import {
  type Descriptor,
  type Manifest,
  MANIFEST_TYPES,
  manifestType,
  MAX_MANIFEST_BYTES,
  readManifest,
  typeInside,
} from './manifest.ts';
import type { FinalResponse } from './redirect.ts';
import { asPublic, protocolError } from './network-errors.ts';

export interface ManifestRequest {
  readonly conversation: Conversation;
  /** A tag or a digest. */
  readonly reference: string;
  readonly signal: AbortSignal;
}

export interface ManifestDigest {
  readonly digest: string;
  readonly type: string;
}

export interface ManifestContent extends ManifestDigest {
  readonly manifest: Manifest;
}

/**
 * Sends HEAD, which Docker Hub does not count as a pull. Sends GET if the registry does not support HEAD (400, 405, …), or
 * returns no usable digest.
 */
export async function findManifest(request: ManifestRequest): Promise<ManifestDigest> {
  const head = await send('HEAD', request);
  if (WITHOUT_HEAD.includes(head.response.status)) return fetchManifest(request);
  const response = request.conversation.expectOk(head);
  const type = manifestType(header(response, 'content-type'), response.remote.name);
  const digest = statedDigest(response);
  if (type === undefined || digest === undefined) return fetchManifest(request);
  const { reference } = request;
  if (!isDigest(reference) || digest === reference) return { digest, type };
  // The same content may have digests of two algorithms; with one algorithm there is only one.
  if (algorithmOf(digest) !== algorithmOf(reference)) return fetchManifest(request);
  throw wrongDigest(request, digest);
}

const WITHOUT_HEAD: readonly number[] = [400, 405, 406, 415, 501];

export async function fetchManifest(request: ManifestRequest): Promise<ManifestContent> {
  const response = request.conversation.expectOk(await send('GET', request));
  try {
    return manifestIn(response, request);
  } catch (error) {
    throw error instanceof RegistryError && response.remote.isRegistry === true ? asPublic(error) : error;
  }
}

function manifestIn(response: FinalResponse, request: ManifestRequest): ManifestContent {
  const { name } = response.remote;
  const type = manifestType(header(response, 'content-type'), name) ?? typeInside(response.body, name);
  const digest = provenDigest(response, request);
  return { digest, type, manifest: readManifest(response.body, type, name) };
}

/** Returns a digest of the received bytes: the requested digest, otherwise the one that the registry states, otherwise sha256. */
function provenDigest(response: FinalResponse, request: ManifestRequest): string {
  const { body } = response;
  const { reference } = request;
  const stated = statedDigest(response);
  if (stated !== undefined && digestLike(stated, body) !== stated) throw wrongDigest(request, stated);
  if (!isDigest(reference)) return stated ?? sha256(body);
  if (digestLike(reference, body) !== reference) throw wrongDigest(request, digestLike(reference, body));
  return reference;
}

export async function fetchBlob({ digest, size }: Descriptor, request: ManifestRequest): Promise<Buffer> {
  const { conversation, signal } = request;
  const blob = { method: 'GET', path: `blobs/${digest}`, accept: ['*/*'], maxBytes: size } as const;
  const { body } = conversation.expectOk(await conversation.send(blob, signal));
  const actual = digestLike(digest, body);
  if (actual !== digest) throw wrongDigest({ ...request, reference: digest }, actual);
  return body;
}

function send(method: 'HEAD' | 'GET', { conversation, reference, signal }: ManifestRequest): Promise<RegistryResponse> {
  const path = `manifests/${reference}`;
  return conversation.send({ method, path, accept: MANIFEST_TYPES, maxBytes: MAX_MANIFEST_BYTES }, signal);
}

function header({ headers }: FinalResponse, name: string): string | undefined {
  return headers.get(name)?.[0];
}

function statedDigest(response: FinalResponse): string | undefined {
  const digest = header(response, 'docker-content-digest')?.trim();
  return digest !== undefined && isDigest(digest) ? digest : undefined;
}

function algorithmOf(digest: string): string {
  return digest.slice(0, digest.indexOf(':'));
}

function wrongDigest({ conversation: { endpoint }, reference }: ManifestRequest, digest: string): Error {
  const what = isDigest(reference) ? reference : quoteValue(reference);
  return protocolError(`${endpoint.name} returned content for ${what} that does not match: its digest is ${digest}`);
}
