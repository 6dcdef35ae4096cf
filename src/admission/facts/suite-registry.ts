/** The ports to registries, answered from what somebody has written down instead of by a registry. */
import { quoteValue } from '../../image/quote.ts';
import { parseReference } from '../../image/reference.ts';
import { createdMs, type RegistryAnswer, type RegistryAnswers } from '../../policy/registry-answers.ts';
import type { Platform, RegistryDetails, RegistryFact, RegistryImage } from '../../policy/registry-fact.ts';
import type { ImageDetailsSource, ImageQuestion, ImageSource } from '../context.ts';

export interface AnsweringPorts {
  readonly images: ImageSource;
  readonly imageDetails: ImageDetailsSource;
}

export function writtenAnswers(answers: RegistryAnswers): AnsweringPorts {
  const byName = answersByName(answers);
  const answerTo = (question: ImageQuestion): Written | RegistryFact<never> => {
    const name = nameAsked(question);
    const written = byName.get(name);
    if (written !== undefined) return answered(written, question);
    return failed('blocked', `the registry's answers that are written here have none for ${quoteValue(name)}`);
  };
  return {
    images: {
      imageOf(question) {
        const answer = answerTo(question);
        return 'state' in answer ? answer : { state: 'yes', value: imageIn(answer, question) };
      },
    },
    imageDetails: {
      detailsOf(question) {
        const answer = answerTo(question);
        return Promise.resolve('state' in answer ? answer : { state: 'yes', value: detailsIn(answer) });
      },
    },
  };
}

interface Written {
  readonly answer: RegistryAnswer;
  readonly digest: string;
}

const NO_DIGEST = `sha256:${'0'.repeat(64)}`;
const INDEX = 'application/vnd.oci.image.index.v1+json';

/** What is said of a tag holds for the digest that it stands for, unless something else is said of that. */
function answersByName(answers: RegistryAnswers): ReadonlyMap<string, Written> {
  const byName = new Map<string, Written>();
  const byDigest = new Map<string, Written>();
  for (const [image, answer] of Object.entries(answers)) {
    const parsed = parseReference(image);
    if (!parsed.ok) continue;
    const { reference } = parsed;
    const written = { answer, digest: answer.digest ?? reference.digest ?? NO_DIGEST };
    byName.set(reference.runtimeName, written);
    if (answer.digest !== undefined) byDigest.set(`${reference.repository}@${answer.digest}`, written);
  }
  return new Map([...byDigest, ...byName]);
}

function nameAsked({ reference, by }: ImageQuestion): string {
  return by === 'tag' ? `${reference.repository}:${reference.tag ?? 'latest'}` : reference.runtimeName;
}

function answered(written: Written, { reference, candidates }: ImageQuestion): Written | RegistryFact<never> {
  const { cause, message, pullSecrets } = written.answer;
  if (cause !== undefined) return failed(cause, message ?? `${reference.domain} answered with ${cause}`);
  if (pullSecrets === undefined || candidates.some(({ secret }) => pullSecrets.includes(secret))) return written;
  return failed('unauthenticated', `${reference.domain} answered 401`);
}

function failed(cause: NonNullable<RegistryAnswer['cause']>, message: string): RegistryFact<never> {
  return { state: cause === 'notFound' ? 'no' : 'unknown', failure: { cause, message, remedy: undefined } };
}

function imageIn({ answer, digest }: Written, { candidates }: ImageQuestion): RegistryImage {
  const accepted = candidates.find(({ secret }) => answer.pullSecrets?.includes(secret) ?? true);
  const credential = accepted === undefined ? 'anonymous' : `pull secret ${quoteValue(accepted.secret)}`;
  return {
    digest,
    mediaType: answer.mediaType ?? INDEX,
    credential,
    mirror: undefined,
    isProof: true,
    stale: undefined,
  };
}

function detailsIn({ answer, digest }: Written): RegistryDetails {
  const { mediaType = INDEX, platforms = ['linux/amd64'], created, sizeBytes = 0 } = answer;
  return {
    digest,
    mediaType,
    platforms: platforms.map(platformIn),
    createdMs: created === undefined ? undefined : createdMs(created),
    sizeBytes,
  };
}

function platformIn(text: string): Platform {
  const [os = '', architecture = '', variant] = text.split('/');
  return { os, architecture, variant };
}
