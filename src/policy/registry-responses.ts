/** Registry responses in test suites, by image, so that policies can be tested without a registry. */
import { isDigest } from '../image/digest.ts';
import { quoteValue } from '../image/quote.ts';
import { parseReference } from '../image/reference.ts';
import { escapeSegment } from '../pod/pointer.ts';
import type { FromSchema } from './parameters.ts';
import { REGISTRY_CAUSES, type RegistryCause } from './registry-fact.ts';
import { createdMs, SUITE_IMAGE_PROPERTIES } from './registry-questions.ts';
import type { DocumentFault } from './schema-faults.ts';

/** By image reference; the default tag is "latest". */
export type RegistryResponses = { readonly [image: string]: RegistryResponse };

export interface RegistryResponse extends FromSchema<{
  readonly type: 'object';
  readonly properties: typeof SUITE_IMAGE_PROPERTIES;
}> {
  /** The lookup fails; `message` describes the failure. */
  readonly cause?: RegistryCause;
  readonly message?: string;
}

const text = (description: string): object => ({ type: 'string', minLength: 1, description });

export const REGISTRY_RESPONSES_SCHEMA = {
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
      ...SUITE_IMAGE_PROPERTIES,
    },
  },
} as const;

/** Reports faults that the schema cannot express. `at` is the pointer of the responses. */
export function responseFaults(responses: RegistryResponses, at: string): readonly DocumentFault[] {
  const faults: DocumentFault[] = [];
  const seen = new Map<string, string>();
  for (const [image, response] of Object.entries(responses)) {
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
    faults.push(...faultsOfResponse(response, pointer));
  }
  return faults;
}

/** `more` overrides `answers` for the same image. Both must be without faults. */
export function mergedResponses(
  responses: RegistryResponses | undefined,
  more: RegistryResponses | undefined,
): RegistryResponses | undefined {
  if (responses === undefined || more === undefined) return more ?? responses;
  const replaced = new Set(Object.keys(more).map(nameOf));
  const kept = Object.entries(responses).filter(([image]) => !replaced.has(nameOf(image)));
  return Object.fromEntries([...kept, ...Object.entries(more)]);
}

function nameOf(image: string): string {
  const parsed = parseReference(image);
  return parsed.ok ? parsed.reference.runtimeName : image;
}

function faultsOfResponse({ digest, created }: RegistryResponse, pointer: string): readonly DocumentFault[] {
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
