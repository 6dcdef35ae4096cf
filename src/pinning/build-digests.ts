/** What the registry says about each image that a build runs. */
import { type ImageReference, parseReference } from '../image/reference.ts';
import type { RegistryCause, RegistryFact, RegistryImage } from '../policy/registry-fact.ts';
import type { Run } from './builds.ts';
import type { TagAnswers } from './pin.ts';
import { failureText, tagQuestion } from './pinned-references.ts';

export interface RunAnswer {
  readonly run: Run;
  readonly reference: ImageReference | undefined;
  readonly fact: RegistryFact<RegistryImage> | undefined;
  /** Undefined: see `problem`. */
  readonly digest: string | undefined;
  readonly problem: string;
}

export function answerFor(run: Run, tags: TagAnswers): RunAnswer {
  const parsed = parseReference(run.image);
  if (!parsed.ok) return { run, reference: undefined, fact: undefined, digest: undefined, problem: parsed.problem };
  const { reference } = parsed;
  const question = tagQuestion(reference);
  if (question === undefined) return { run, reference, fact: undefined, digest: reference.digest, problem: '' };
  const fact = tags.get(question.key);
  if (fact === undefined)
    return { run, reference, fact, digest: undefined, problem: 'stopped before it was asked for' };
  if (fact.state === 'yes') return { run, reference, fact, digest: fact.value.digest, problem: '' };
  return { run, reference, fact, digest: undefined, problem: failureText(fact.failure) };
}

/** How registries say that there is no such repository. */
const NOWHERE: ReadonlySet<RegistryCause> = new Set(['notFound', 'forbidden', 'unauthenticated']);

export function isNowhere(fact: RegistryFact<RegistryImage> | undefined): boolean {
  return fact !== undefined && fact.state !== 'yes' && NOWHERE.has(fact.failure.cause);
}

export function sameDigest(answers: readonly RunAnswer[]): boolean {
  return new Set(answers.map(({ digest }) => digest)).size === 1;
}
