import { quoteValue } from '../../image/quote.ts';
import { FIRST_IMAGE_MS, isInFuture } from '../build-date.ts';
import type { Fact } from '../fact.ts';
import { DAY_MS, dayOf, dayStart } from '../../go/date.ts';
import type { RegistryDetails } from '../registry-fact.ts';
import { defineRule, type ParameterFault, type Prepared } from '../rule.ts';
import { checkRegistryFacts, type ProblemText, unknownProblem } from './registry-facts.ts';

interface Parameters {
  readonly maxAgeDays?: number;
  readonly minAgeDays?: number;
  readonly createdAfter?: string;
  readonly createdBefore?: string;
}

interface Limits {
  readonly maxAgeDays: number | undefined;
  readonly minAgeDays: number | undefined;
  /** Unix time in milliseconds: the first allowed moment, and the first moment after the allowed range. */
  readonly from: number | undefined;
  readonly until: number | undefined;
}

const DAY = {
  type: 'string',
  pattern: '^\\d{4}-\\d\\d-\\d\\d$',
  hint: 'a day as YYYY-MM-DD, in UTC',
} as const;

/** The data of a digest never changes but its age does, so the clock is also a fact. */
export const imageAge = defineRule({
  name: 'image-age',
  description: 'Images are within the allowed age range',
  docs: {
    why: 'An image built a year ago has every vulnerability found since then. An image built an hour ago may come from a compromised account; waiting a few days gives others time to notice.',
    remedy:
      'Rebuild the image on a current base, or use a newer version; wait if the image is too new. Images of reproducible builds have no creation date, so the result is unknown, which has the same effect as a violation: set onUnknown: warn to allow them.',
    example: {
      parameters: { createdAfter: '2026-01-01' },
      registry: {
        'registry.example.com/shop/web:7': { created: '2026-03-01' },
        'registry.example.com/shop/web:2': { created: '2024-05-17' },
      },
      pass: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: registry.example.com/shop/web:7
`,
      fail: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: registry.example.com/shop/web:2
`,
    },
  },
  parameters: {
    type: 'object',
    additionalProperties: false,
    minProperties: 1,
    hint: 'for example {maxAgeDays: 90}; for details, run tidewaiter explain rule image-age',
    properties: {
      maxAgeDays: { type: 'integer', minimum: 1, description: 'Maximum age in days' },
      minAgeDays: { type: 'integer', minimum: 1, description: 'Minimum age in days' },
      createdAfter: { ...DAY, description: 'Images built before this day are violations' },
      createdBefore: { ...DAY, description: 'Images built on this day or later are violations' },
    },
  },
  needs: ['registryDetails', 'now'],
  needsOf: ({ maxAgeDays, minAgeDays }) =>
    maxAgeDays === undefined && minAgeDays === undefined ? ['registryDetails'] : ['registryDetails', 'now'],
  prepare: limitsOf,
  check(subject, limits) {
    const { registryDetails: facts, now } = subject.facts;
    return checkRegistryFacts({ subject, facts }, (fact, reference) => {
      const image = `image ${quoteValue(reference.text)}`;
      if (fact.state !== 'yes') return unknownProblem(`when ${image} was built`, fact);
      return checkDate(image, fact.value, { limits, now });
    });
  },
});

function limitsOf({ maxAgeDays, minAgeDays, createdAfter, createdBefore }: Parameters): Prepared<Limits> {
  const faults: ParameterFault[] = [];
  const moment = (name: string, day: string | undefined): number | undefined => {
    const start = day === undefined ? undefined : dayStart(day);
    if (day !== undefined && start === undefined) {
      faults.push({ pointer: `/${name}`, problem: `${quoteValue(day)} is not a valid date` });
    }
    return start;
  };
  const [from, until] = [moment('createdAfter', createdAfter), moment('createdBefore', createdBefore)];
  if (from !== undefined && until !== undefined && from >= until) {
    faults.push({ pointer: '/createdBefore', problem: 'must be later than createdAfter; no image would pass' });
  }
  if (maxAgeDays !== undefined && minAgeDays !== undefined && minAgeDays > maxAgeDays) {
    faults.push({ pointer: '/minAgeDays', problem: 'must not exceed maxAgeDays; no image would pass' });
  }
  return faults.length > 0 ? { ok: false, faults } : { ok: true, value: { maxAgeDays, minAgeDays, from, until } };
}

interface AgeInput {
  readonly limits: Limits;
  readonly now: Fact<number>;
}

/** The author of the object chooses the image, so a missing date is caused by the author, not by the registry. */
const DATED = 'use an image with a creation date';

function checkDate(image: string, { createdMs }: RegistryDetails, input: AgeInput): ProblemText | undefined {
  if (createdMs === undefined || createdMs < FIRST_IMAGE_MS) {
    const why =
      createdMs === undefined ? 'it has no creation date' : `its creation date is ${dayOf(createdMs)}, a placeholder`;
    const message = `cannot determine when ${image} was built: ${why}`;
    return { state: 'unknown', causedBy: 'author', message, remedy: DATED };
  }
  const { from, until } = input.limits;
  const message = `${image} was built on ${dayOf(createdMs)}`;
  if (from !== undefined && createdMs < from) {
    return { state: 'violation', message, remedy: `use an image built on or after ${dayOf(from)}` };
  }
  if (until !== undefined && createdMs >= until) {
    return { state: 'violation', message, remedy: `use an image built before ${dayOf(until)}` };
  }
  return checkAge(image, createdMs, input);
}

function checkAge(image: string, createdMs: number, { limits, now }: AgeInput): ProblemText | undefined {
  const { maxAgeDays, minAgeDays } = limits;
  if (maxAgeDays === undefined && minAgeDays === undefined) return undefined;
  const undetermined = `cannot determine how old ${image} is`;
  if (now.state !== 'yes') {
    return {
      state: 'unknown',
      message: `${undetermined}: ${now.state === 'no' ? 'no clock is available' : now.reason}`,
    };
  }
  const ageMs = now.value - createdMs;
  if (isInFuture(ageMs)) {
    const message = `${undetermined}: its creation date ${dayOf(createdMs)} is in the future`;
    return { state: 'unknown', causedBy: 'author', message, remedy: DATED };
  }
  const message = `${image} was built on ${dayOf(createdMs)}, ${days(Math.max(0, Math.floor(ageMs / DAY_MS)))} ago`;
  if (maxAgeDays !== undefined && ageMs > maxAgeDays * DAY_MS) {
    return {
      state: 'violation',
      message,
      remedy: `rebuild the image; it must be at most ${days(maxAgeDays)} old`,
    };
  }
  if (minAgeDays !== undefined && ageMs < minAgeDays * DAY_MS) {
    return { state: 'violation', message, remedy: `wait until the image is at least ${days(minAgeDays)} old` };
  }
  return undefined;
}

function days(count: number): string {
  return `${count} ${count === 1 ? 'day' : 'days'}`;
}
