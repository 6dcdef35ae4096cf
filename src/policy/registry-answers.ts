/** What a registry would say, as a test suite writes it down: by image, so that policies can be tested without a registry. */
import { isDigest } from '../image/digest.ts';
import { quoteValue } from '../image/quote.ts';
import { parseReference } from '../image/reference.ts';
import { escapeSegment } from '../pod/pointer.ts';
import { dayStart } from '../go/date.ts';
import { REGISTRY_CAUSES, type RegistryCause } from './registry-fact.ts';
import type { DocumentFault } from './schema-faults.ts';

/** By image reference; without tag and digest it means "latest". */
export type RegistryAnswers = { readonly [image: string]: RegistryAnswer };

export interface RegistryAnswer {
  /** With it all else is about the failure. */
  readonly cause?: RegistryCause;
  readonly message?: string;
  readonly digest?: string;
  readonly mediaType?: string;
  readonly platforms?: readonly string[];
  readonly created?: string;
  readonly sizeBytes?: number;
  /** Only with one of them the registry lets anybody pull. */
  readonly pullSecrets?: readonly string[];
}

const text = (description: string): object => ({ type: 'string', minLength: 1, description });

export const REGISTRY_ANSWERS_SCHEMA = {
  type: 'object',
  description:
    'Registry responses by image; test sends no requests. Other images have no response. A response for a tag also applies to its digest',
  additionalProperties: {
    type: 'object',
    additionalProperties: false,
    minProperties: 1,
    properties: {
      cause: {
        enum: REGISTRY_CAUSES,
        description: 'Why the lookup fails; notFound: the image does not exist',
      },
      message: text('Error message of the registry, only with cause: a sentence fragment'),
      digest: text('Digest that the tag points to; by default, a digest of zeros'),
      mediaType: text('Media type of the manifest or index; by default, that of an OCI image index'),
      platforms: {
        type: 'array',
        items: {
          type: 'string',
          pattern: '^[a-z0-9]+/[a-z0-9_-]+(/[a-z0-9.]+)?$',
          hint: 'os/architecture with an optional variant, for example linux/arm64 or linux/arm/v7',
        },
        description: 'Platforms of the image; by default, linux/amd64',
      },
      created: {
        type: 'string',
        pattern: '^\\d{4}-\\d\\d-\\d\\d(T\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z)?$',
        hint: 'a date in the form YYYY-MM-DD, or a time such as 2027-01-31T12:00:00Z',
        description: 'When the image was built; by default, unknown',
      },
      sizeBytes: { type: 'integer', minimum: 0, description: 'Compressed size in bytes; by default, 0' },
      pullSecrets: {
        type: 'array',
        items: { type: 'string', minLength: 1 },
        description:
          'Names of the pull secrets that the registry accepts; all other requests are unauthenticated. By default, anonymous pulls are allowed',
      },
    },
  },
} as const;

/** What the schema cannot say of the answers at `at`. */
export function answerFaults(answers: RegistryAnswers, at: string): readonly DocumentFault[] {
  const faults: DocumentFault[] = [];
  const seen = new Map<string, string>();
  for (const [image, answer] of Object.entries(answers)) {
    const pointer = `${at}/${escapeSegment(image)}`;
    const parsed = parseReference(image);
    if (!parsed.ok) {
      faults.push({ pointer, problem: `${quoteValue(image)} is not an image: ${parsed.problem}`, at: 'key' });
      continue;
    }
    const name = parsed.reference.runtimeName;
    const before = seen.get(name);
    if (before !== undefined) {
      const problem = `${quoteValue(image)} is the same image as ${quoteValue(before)}`;
      faults.push({ pointer, problem, at: 'key' });
    }
    seen.set(name, image);
    faults.push(...answerFault(answer, pointer));
  }
  return faults;
}

/** `more` counts where both speak of one image. Both must be without faults. */
export function mergedAnswers(
  answers: RegistryAnswers | undefined,
  more: RegistryAnswers | undefined,
): RegistryAnswers | undefined {
  if (answers === undefined || more === undefined) return more ?? answers;
  const replaced = new Set(Object.keys(more).map(nameOf));
  const kept = Object.entries(answers).filter(([image]) => !replaced.has(nameOf(image)));
  return Object.fromEntries([...kept, ...Object.entries(more)]);
}

function nameOf(image: string): string {
  const parsed = parseReference(image);
  return parsed.ok ? parsed.reference.runtimeName : image;
}

function answerFault({ digest, created }: RegistryAnswer, pointer: string): readonly DocumentFault[] {
  const faults: DocumentFault[] = [];
  if (digest !== undefined && !isDigest(digest)) {
    const problem = `${quoteValue(digest)} is not a digest; use "sha256:" and 64 hex digits`;
    faults.push({ pointer: `${pointer}/digest`, problem, at: 'value' });
  }
  if (created !== undefined && createdMs(created) === undefined) {
    faults.push({ pointer: `${pointer}/created`, problem: `${quoteValue(created)} is not a valid time`, at: 'value' });
  }
  return faults;
}

/** Milliseconds since 1970; `undefined` for a moment that never was. */
export function createdMs(created: string): number | undefined {
  const moment = Date.parse(created);
  return dayStart(created.slice(0, 10)) === undefined || Number.isNaN(moment) ? undefined : moment;
}
