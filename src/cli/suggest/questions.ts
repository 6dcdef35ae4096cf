/** Which rules `suggest` tries, with which parameters. The engine decides what each of them denies. */
import { plain, type Tree, type TreeObject } from '../../install/yaml.ts';
import { type Candidate, imageCandidates } from '../derive/candidates.ts';
import { byFrequency, commentedPatterns } from '../derive/registry-patterns.ts';
import { MOVING_TAGS } from './moving-tags.ts';
import type { Survey } from './survey.ts';

/** One way to apply a rule. */
export interface Question {
  readonly rule: string;
  readonly parameters: TreeObject | undefined;
}

/** The same rule from strict to loose. */
export interface Ladder {
  readonly rule: string;
  readonly rungs: readonly Question[];
  readonly otherwise: Candidate['otherwise'];
}

/** A rule whose parameter is a list, and each item is a decision of its own. */
export interface ListQuestion {
  readonly rule: string;
  readonly key: string;
  readonly items: readonly ListItem[];
}

export interface ListItem {
  readonly values: readonly string[];
  /** What a step with this item does, in the imperative. */
  readonly change: string;
  readonly question: Question;
}

/** The list of registries without one of them. */
export interface Removal {
  readonly pattern: string;
  readonly question: Question;
}

export interface Questions {
  readonly ladders: readonly Ladder[];
  readonly lists: readonly ListQuestion[];
  readonly removals: readonly Removal[];
}

/** Registries with steps of their own: the least used ones, which deny least. */
const MAX_REMOVALS = 20;
/** Patterns in the list of allowed ones. */
const MAX_ALLOWED = 200;
const MAX_LIST_ITEMS = 15;

/** What the list of allowed images is made of. */
export const ALLOW_BY = ['registry', 'repository'] as const;
export type AllowBy = (typeof ALLOW_BY)[number];

/** A longer list is no list that someone maintains. */
export function hasTooManyRepositories({ repositories }: Survey): boolean {
  return repositories.size > MAX_ALLOWED;
}

export function questionsFor(survey: Survey, allowBy: AllowBy): Questions {
  const { registries, repositories, movingTags } = survey;
  const byRepository = allowBy === 'repository' && !hasTooManyRepositories(survey);
  const allowed = new Map(byFrequency(byRepository ? repositories : registries).slice(0, MAX_ALLOWED));
  const allow = commentedPatterns(allowed, 'review');
  const ladders = [...imageCandidates(allow).filter(({ rule }) => rule !== 'image-digest'), ...MORE_CANDIDATES];
  return {
    ladders: ladders.map(({ rule, parameters, otherwise }) => ({
      rule,
      rungs: parameters.map((one) => ({ rule, parameters: one })),
      otherwise,
    })),
    lists: [tagList(movingTags), ...pullSecretLists(registries)],
    removals: removalsFrom(allow),
  };
}

const MORE_CANDIDATES: readonly Candidate[] = [
  { rule: 'image-digest', parameters: [{ drift: true }, undefined], otherwise: 'warn' },
  {
    rule: 'image-volume',
    parameters: [{ allowed: false }, { mounted: true, readOnly: true }, { mounted: true }],
    otherwise: 'nothing',
  },
  { rule: 'image-exists', parameters: [undefined], otherwise: 'nothing' },
  {
    rule: 'image-platform',
    parameters: [{ platforms: ['linux/amd64', 'linux/arm64'] }, { platforms: ['linux/amd64'] }, undefined],
    otherwise: 'nothing',
  },
  {
    rule: 'image-age',
    parameters: [30, 90, 180, 365].map((maxAgeDays) => ({ maxAgeDays })),
    otherwise: 'nothing',
  },
  { rule: 'pull-secret-usable', parameters: [undefined], otherwise: 'nothing' },
  { rule: 'pull-secret-named', parameters: [undefined], otherwise: 'nothing' },
  { rule: 'pull-secret-coverage', parameters: [{ prove: true }, undefined], otherwise: 'nothing' },
];

function tagList(used: Survey['movingTags']): ListQuestion {
  const frequent = byCount(used).slice(0, MAX_LIST_ITEMS);
  const unused = MOVING_TAGS.filter((tag) => !used.has(tag));
  const item = (values: readonly string[], change: string): ListItem => ({
    values,
    change,
    question: { rule: 'image-tag', parameters: { deny: values } },
  });
  const items = frequent.map((tag) => item([tag], `deny the tag "${tag}"`));
  return {
    rule: 'image-tag',
    key: 'deny',
    items: unused.length === 0 ? items : [item(unused, 'deny tags that move and that are not used'), ...items],
  };
}

function pullSecretLists(registries: ReadonlyMap<string, number>): readonly ListQuestion[] {
  const frequent = byFrequency(registries).slice(0, MAX_LIST_ITEMS);
  const list = (rule: string, verb: string): ListQuestion => ({
    rule,
    key: 'images',
    items: frequent.map(([pattern]) => ({
      values: [pattern],
      change: `${verb} ${pattern}`,
      question: { rule, parameters: { images: [pattern] } },
    })),
  });
  return [
    list('pull-secret-named', 'require a pull secret for'),
    list('pull-secret-coverage', 'require a matching credential for'),
  ];
}

function removalsFrom(allow: readonly Tree[]): readonly Removal[] {
  if (allow.length < 2) return [];
  return allow.slice(-MAX_REMOVALS).map((removed) => ({
    pattern: String(plain(removed)),
    question: { rule: 'image-registry', parameters: { allow: allow.filter((one) => one !== removed) } },
  }));
}

function byCount(counts: ReadonlyMap<string, number>): readonly string[] {
  return [...counts]
    .toSorted(([one, number], [other, otherNumber]) => otherNumber - number || (one < other ? -1 : 1))
    .map(([text]) => text);
}
