/** Shared by rules about images: the loop, and the problem of an image that cannot be parsed. */
import { namesFix } from '../../image/problem.ts';
import { quoteValue } from '../../image/quote.ts';
import type { ImageReference } from '../../image/reference.ts';
import type { Container } from '../../pod/containers.ts';
import type { OriginalImage } from '../fact.ts';
import type { Problem, Subject } from '../rule.ts';

/** Without a state, the problem is a violation. */
export type ImageProblem = Omit<Problem, 'container' | 'state'> & Partial<Pick<Problem, 'state'>>;

/** Calls `check` for each parsed image. An invalid image violates every rule; a pending image is unknown. */
export function checkImages(
  subject: Pick<Subject, 'containers'>,
  check: (reference: ImageReference, container: Container) => ImageProblem | undefined,
): readonly Problem[] {
  const problems: Problem[] = [];
  for (const container of subject.containers) {
    const { image } = container;
    const problem = image.state === 'parsed' ? check(image.reference, container) : unreadable(container);
    if (problem !== undefined) problems.push({ state: 'violation', ...problem, container });
  }
  return problems;
}

/** Returns the name that the rewrites of the policies turn into the image of a container. */
export function originalOf({ facts }: Pick<Subject<'originalImages'>, 'facts'>, container: Container): OriginalImage {
  return facts.originalImages.get(container.imagePointer) ?? NO_ORIGINAL;
}

const NO_ORIGINAL: OriginalImage = {
  state: 'unknown',
  reason: 'the rewrites of the policies are not known',
};

export function unreadable(container: Container): Problem {
  const { image, imagePointer: pointer } = container;
  const shared = { container, pointer, unreadable: true } as const;
  if (image.state === 'pending') {
    const message = `image ${quoteValue(image.text)} cannot be evaluated yet: ${image.reason}`;
    return {
      ...shared,
      state: 'unknown',
      causedBy: 'later',
      message,
      remedy: 'tidewaiter evaluates its Pods when they are created',
    };
  }
  const problem = image.state === 'invalid' ? image.problem : '';
  const message =
    image.text === ''
      ? 'no image is specified'
      : `image ${quoteValue(image.text)} is not a valid reference: ${problem}`;
  const violation = { ...shared, state: 'violation', message } as const;
  if (image.text !== '' && namesFix(problem)) return violation;
  return { ...violation, remedy: 'use the form [registry/]name[:tag][@sha256:digest]' };
}

/** Returns `a, b, c and 4 more`, with at most eight items. */
export function shortList(items: readonly string[]): string;
export function shortList<T>(items: readonly T[], show: (item: T) => string): string;
export function shortList<T>(items: readonly T[], show: (item: T) => string = String): string {
  const shown = items
    .slice(0, 8)
    .map((item) => show(item))
    .join(', ');
  return items.length > 8 ? `${shown} and ${items.length - 8} more` : shown;
}
