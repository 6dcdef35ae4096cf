/** Shared by rules about registries: the loop over the facts, and the outcome for each cause of a failed lookup. */
import type { ImageReference } from '../../image/reference.ts';
import type { Container } from '../../pod/containers.ts';
import type { ValueSchema } from '../parameters.ts';
import { REGISTRY_CAUSES, type RegistryCause, type RegistryFact, type RegistryFacts } from '../registry-fact.ts';
import type { Problem, Subject } from '../rule.ts';
import { checkImages } from './images.ts';

export type ProblemText = Pick<Problem, 'state' | 'message' | 'remedy' | 'causedBy'>;

export interface RegistryInput<T> {
  readonly subject: Pick<Subject, 'containers'>;
  readonly facts: RegistryFacts<T>;
}

/**
 * Calls `check` for the fact of each parsed image. Skips images that a policy denies: they were not looked up, and that policy
 * reports them.
 */
export function checkRegistryFacts<T>(
  { subject, facts }: RegistryInput<T>,
  check: (fact: RegistryFact<T>, reference: ImageReference, container: Container) => ProblemText | undefined,
): readonly Problem[] {
  return checkImages(subject, (reference, container) => {
    const pointer = container.imagePointer;
    const fact = facts.get(pointer) ?? MISSING_FACT;
    if (isDenied(fact)) return undefined;
    const problem = check(fact, reference, container);
    return problem && { ...problem, pointer };
  });
}

export const MISSING_FACT: RegistryFact<never> = {
  state: 'unknown',
  failure: { cause: 'blocked', message: 'no registry was queried', remedy: undefined },
};

export function isDenied(fact: RegistryFact<unknown>): boolean {
  return fact.state === 'unknown' && fact.failure.deniedBy !== undefined;
}

/** `cannot determine …: registry.example.com returned HTTP 429; retry in 30 s` */
export function unknownProblem(
  what: string,
  fact: Exclude<RegistryFact<unknown>, { readonly state: 'yes' }>,
): ProblemText {
  const { message, remedy, causedBy } = fact.failure;
  return problemWithRemedy({ state: 'unknown', message: `cannot determine ${what}: ${message}`, causedBy }, remedy);
}

export function problemWithRemedy(problem: Omit<ProblemText, 'remedy'>, remedy: string | undefined): ProblemText {
  return remedy === undefined ? problem : { ...problem, remedy };
}

export type CauseOutcome = 'violation' | 'unknown' | 'ignore';

/** Also the documentation of the causes; `lookup/tenant-messages.ts` words them for authors of objects. */
const CAUSE_MEANINGS: Readonly<Record<RegistryCause, string>> = {
  notFound: 'The tag, digest, or repository does not exist or is hidden',
  forbidden: 'The credentials lack pull access (403)',
  unauthenticated: 'The registry accepts no credential, or none is available (401)',
  rateLimited: 'Too many requests (429)',
  serverError: 'The registry fails (5xx)',
  timeout: 'No response before the deadline',
  dns: 'The registry host cannot be resolved',
  tls: 'The certificate is not trusted',
  unreachable: 'No connection, or an interrupted connection',
  blocked: 'The configuration or a policy does not allow queries',
  protocol: 'The response is not valid',
  tooMany: 'The object has too many images, or too many lookups are in progress',
};

/** Returns the schema of a parameter that maps causes to outcomes. */
export function onCauseSchema(defaults: Readonly<Record<RegistryCause, CauseOutcome>>): ValueSchema {
  return {
    type: 'object',
    additionalProperties: false,
    description: 'Outcome for each cause of a failed lookup',
    properties: Object.fromEntries(
      REGISTRY_CAUSES.map((cause) => [
        cause,
        { enum: ['violation', 'unknown', 'ignore'], default: defaults[cause], description: CAUSE_MEANINGS[cause] },
      ]),
    ),
    default: {},
  };
}

export type OnCause = Partial<Readonly<Record<RegistryCause, CauseOutcome>>>;
