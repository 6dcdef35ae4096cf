/** What all rules about images share: the loop, and what an image that cannot be read means. */
import { quoteValue } from '../../image/quote.ts';
import type { ImageReference } from '../../image/reference.ts';
import type { Container } from '../../pod/containers.ts';
import type { Problem, Subject } from '../rule.ts';

/** Asks `judge` about each readable image. An invalid one is a violation of every rule, a pending one is unknown. */
export function judgeImages(
  subject: Subject,
  judge: (reference: ImageReference, container: Container) => Omit<Problem, 'container' | 'state'> | undefined,
): readonly Problem[] {
  return judgeEach(subject, (reference, container) => {
    const problem = judge(reference, container);
    return problem && { ...problem, state: 'violation' };
  });
}

/** The same for a rule that cannot always tell. */
export function judgeEach(
  subject: Pick<Subject, 'containers'>,
  judge: (reference: ImageReference, container: Container) => Omit<Problem, 'container'> | undefined,
): readonly Problem[] {
  const problems: Problem[] = [];
  for (const container of subject.containers) {
    const { image } = container;
    const problem = image.state === 'parsed' ? judge(image.reference, container) : unreadable(container);
    if (problem !== undefined) problems.push({ ...problem, container });
  }
  return problems;
}

export type ReferenceProblem = Pick<Problem, 'message' | 'remedy'>;
export type ReferenceJudge = (reference: ImageReference) => ReferenceProblem | undefined;

/** For rules that look at nothing but the image itself. */
export function judgeReferences(subject: Subject, judge: ReferenceJudge): readonly Problem[] {
  return judgeImages(subject, (reference, container) => {
    const problem = judge(reference);
    return problem === undefined ? undefined : { ...problem, pointer: container.imagePointer };
  });
}

const MAX_PASSED = 1000;
/** As long as those that are remembered when they are parsed, so that nobody can fill the memory with others. */
const MAX_LENGTH = 300;

/** The same few images come again and again, and most of them pass. A full memory is begun anew. */
export function rememberPassing(judge: ReferenceJudge): ReferenceJudge {
  const passed = new Set<ImageReference>();
  return (reference) => {
    if (passed.has(reference)) return undefined;
    const problem = judge(reference);
    if (problem !== undefined || reference.text.length > MAX_LENGTH) return problem;
    if (passed.size >= MAX_PASSED) passed.clear();
    passed.add(reference);
    return undefined;
  };
}

export function unreadable(container: Container): Problem {
  const { image, imagePointer: pointer } = container;
  const shared = { container, pointer, unreadable: true } as const;
  if (image.state === 'pending') {
    const message = `image ${quoteValue(image.text)} cannot be judged yet: ${image.reason}`;
    return { ...shared, state: 'unknown', message, remedy: 'its Pods are judged when they are created' };
  }
  const problem = image.state === 'invalid' ? image.problem : '';
  const message =
    image.text === '' ? 'no image is given' : `image ${quoteValue(image.text)} is not a valid reference: ${problem}`;
  return { ...shared, state: 'violation', message, remedy: 'write [registry/]name[:tag][@sha256:digest]' };
}

/** `a, b, c and 4 more`: at most eight, since a list of hundreds helps nobody. */
export function shortList(items: readonly string[]): string {
  const shown = items.slice(0, 8).join(', ');
  return items.length > 8 ? `${shown} and ${items.length - 8} more` : shown;
}
