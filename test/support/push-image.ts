/** Builds minimal images and pushes them to a registry (OCI distribution-spec, monolithic blob upload). */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

export type Family = 'oci' | 'docker';

const TYPES = {
  oci: {
    index: 'application/vnd.oci.image.index.v1+json',
    image: 'application/vnd.oci.image.manifest.v1+json',
    config: 'application/vnd.oci.image.config.v1+json',
    layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  },
  docker: {
    index: 'application/vnd.docker.distribution.manifest.list.v2+json',
    image: 'application/vnd.docker.distribution.manifest.v2+json',
    config: 'application/vnd.docker.container.image.v1+json',
    layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  },
} as const;

export interface Blob {
  readonly bytes: Buffer;
  readonly digest: string;
}

export interface Manifest extends Blob {
  readonly mediaType: string;
}

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

export interface MadeImage {
  readonly manifest: Manifest;
  readonly blobs: readonly Blob[];
  readonly platform: Platform;
  /** Configuration and layers. */
  readonly sizeBytes: number;
}

export interface MadeIndex {
  readonly manifest: Manifest;
  readonly images: readonly MadeImage[];
}

export function digestOf(bytes: Buffer, algorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

function jsonBlob(value: unknown): Blob {
  // Indented, so that code that hashes reformatted JSON fails its tests.
  const bytes = Buffer.from(JSON.stringify(value, null, 3));
  return { bytes, digest: digestOf(bytes) };
}

type Texts = Readonly<Record<string, string>>;

/** An image with one layer; `created` is the text in the configuration. */
export function makeImage(
  platform: Platform,
  created: string,
  family: Family = 'oci',
  { labels, annotations }: { readonly labels?: Texts; readonly annotations?: Texts } = {},
): MadeImage {
  const types = TYPES[family];
  const layerBytes = gzipSync(Buffer.alloc(1024));
  const layer = { bytes: layerBytes, digest: digestOf(layerBytes) };
  const config = jsonBlob({
    ...platform,
    created,
    config: labels === undefined ? {} : { Labels: labels },
    rootfs: { type: 'layers', diff_ids: [digestOf(Buffer.alloc(1024))] },
  });
  const manifest = jsonBlob({
    schemaVersion: 2,
    mediaType: types.image,
    config: { mediaType: types.config, size: config.bytes.length, digest: config.digest },
    layers: [{ mediaType: types.layer, size: layer.bytes.length, digest: layer.digest }],
    annotations,
  });
  return {
    manifest: { ...manifest, mediaType: types.image },
    blobs: [config, layer],
    platform,
    sizeBytes: config.bytes.length + layer.bytes.length,
  };
}

/** An index with an attestation next to the images, like those of BuildKit. */
export function makeIndex(
  images: readonly MadeImage[],
  family: Family = 'oci',
  /** `created` is stated for each image. */
  { annotations, created }: { readonly annotations?: Texts; readonly created?: string } = {},
): MadeIndex {
  const attestation = makeImage({ os: 'unknown', architecture: 'unknown' }, '2020-01-01T00:00:00Z', family);
  const all = [...images, attestation];
  const manifest = jsonBlob({
    schemaVersion: 2,
    mediaType: TYPES[family].index,
    manifests: all.map(({ manifest: { mediaType, bytes, digest }, platform }) => ({
      mediaType,
      size: bytes.length,
      digest,
      platform,
      annotations: created === undefined ? undefined : { 'org.opencontainers.image.created': created },
    })),
    annotations,
  });
  return { manifest: { ...manifest, mediaType: TYPES[family].index }, images: all };
}

export interface PushTarget {
  /** `http://127.0.0.1:5000`. */
  readonly origin: string;
  readonly repository: string;
  /** The value of the `Authorization` header. */
  readonly authorization?: string | undefined;
}

export async function pushImage(target: PushTarget, { manifest, blobs }: MadeImage, tag?: string): Promise<void> {
  for (const blob of blobs) await pushBlob(target, blob);
  await putManifest(target, manifest, tag ?? manifest.digest);
}

export async function pushIndex(target: PushTarget, { manifest, images }: MadeIndex, tag: string): Promise<void> {
  for (const image of images) await pushImage(target, image);
  await putManifest(target, manifest, tag);
}

async function pushBlob(target: PushTarget, { bytes, digest }: Blob): Promise<void> {
  const started = await send(target, 'POST', new URL(`${target.origin}/v2/${target.repository}/blobs/uploads/`));
  const upload = new URL(started.headers.get('location') ?? '', target.origin);
  upload.searchParams.set('digest', digest);
  await send(target, 'PUT', upload, { bytes, type: 'application/octet-stream' });
}

async function putManifest(target: PushTarget, { bytes, mediaType }: Manifest, name: string): Promise<void> {
  const url = new URL(`${target.origin}/v2/${target.repository}/manifests/${name}`);
  await send(target, 'PUT', url, { bytes, type: mediaType });
}

async function send(
  { authorization }: PushTarget,
  method: string,
  url: URL,
  body?: { readonly bytes: Buffer; readonly type: string },
): Promise<Response> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(authorization === undefined ? {} : { authorization }),
      ...(body === undefined ? {} : { 'content-type': body.type }),
    },
    ...(body === undefined ? {} : { body: new Uint8Array(body.bytes) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url.href}: ${response.status} ${text}`);
  return response;
}
